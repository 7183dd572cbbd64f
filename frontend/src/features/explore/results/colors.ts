/** The colours and the font in force, for what is drawn on a canvas, which knows no custom properties. */
export type Colors = {
  series: string[];
  text: string;
  soft: string;
  seam: string;
  surface: string;
  crust: string;
  sunken: string;
  font: string;
};

/** Reads the tokens as the colours that they come to. */
export function readColors(element: HTMLElement): Colors {
  // A new element for each: one that changes its colour may be on its way
  // from the old one to the new, where a style sheet gives it a transition.
  const color = (token: string) => {
    const probe = document.createElement("span");
    probe.style.color = `var(${token})`;
    element.append(probe);
    const found = getComputedStyle(probe).color;
    probe.remove();
    return found;
  };
  return {
    series: Array.from({ length: 10 }, (_, index) => color(`--series-${index + 1}`)),
    text: color("--rye"),
    soft: color("--rye-soft"),
    seam: color("--seam"),
    surface: color("--crumb"),
    crust: color("--crust"),
    sunken: color("--crumb-sunken"),
    font: getComputedStyle(element).fontFamily,
  };
}
