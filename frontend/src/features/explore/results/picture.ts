// Answers as pictures to be saved: drawn on a canvas, since the page's policy
// lets no picture in that was made of the page's own elements.
import type { Result } from "../answer";
import type { ShownAs } from "./answer-view";
import { readColors, type Colors } from "./colors";

export type PictureText = { title: string; subtitle: string };

/** A series of the legend; its number is its colour's. */
export type PictureLegend = readonly { name: string; series: number }[];

// Pixels of the picture to one of the page: sharp on any screen and in print.
const SCALE = 2;
const MARGIN = 24;
const LINE = 20;

/** What a picture is drawn with, in the page's pixels. */
export type Pen = { context: CanvasRenderingContext2D; colors: Colors };

/** The drawn answer under its title, with the legend below. */
export function compose(
  text: PictureText,
  drawn: HTMLCanvasElement,
  legend: PictureLegend,
): HTMLCanvasElement | null {
  const width = drawn.clientWidth || drawn.width;
  const height = drawn.clientHeight || drawn.height;
  const wrapped = wrap(legend, width);
  const lines = (wrapped.at(-1)?.line ?? -1) + 1;
  return picture(
    text,
    width,
    height + (lines === 0 ? 0 : MARGIN / 2 + lines * LINE),
    ({ context, colors }) => {
      context.drawImage(drawn, 0, 0, width, height);
      for (const { name, series, x, line } of wrapped) {
        const y = height + MARGIN / 2 + line * LINE;
        context.fillStyle = colors.series[(series - 1) % colors.series.length] ?? colors.text;
        context.fillRect(x, y + 3, 12, 12);
        context.fillStyle = colors.text;
        context.fillText(name, x + 18, y + 13, width - x - 18);
      }
    },
  );
}

/** A picture of so much room under a title, in the page's colours and font; null where nothing can be drawn. */
export function picture(
  { title, subtitle }: PictureText,
  width: number,
  height: number,
  draw: (pen: Pen) => void,
): HTMLCanvasElement | null {
  const colors = readColors(document.body);
  const head = MARGIN + 52;
  const canvas = document.createElement("canvas");
  canvas.width = Math.round((width + 2 * MARGIN) * SCALE);
  canvas.height = Math.round((head + height + MARGIN) * SCALE);
  const context = canvas.getContext("2d");
  if (!context) return null;
  context.scale(SCALE, SCALE);
  context.fillStyle = colors.surface;
  context.fillRect(0, 0, width + 2 * MARGIN, head + height + MARGIN);
  context.fillStyle = colors.text;
  context.font = `600 20px ${colors.font}`;
  context.fillText(title, MARGIN, MARGIN + 18, width);
  context.fillStyle = colors.soft;
  context.font = `13px ${colors.font}`;
  context.fillText(subtitle, MARGIN, MARGIN + 40, width);
  context.translate(MARGIN, head);
  draw({ context, colors });
  return canvas;
}

/** The series that are drawn, as a picture's legend. */
export function legendOf(result: Result, hidden: ReadonlySet<number>): PictureLegend {
  return result.series.flatMap(({ name }, index) =>
    hidden.has(index) ? [] : [{ name, series: (index % 10) + 1 }],
  );
}

/** Where the names of a legend stand, line by line. Their width is guessed, for want of a canvas to measure on. */
export function wrap(legend: PictureLegend, width: number) {
  let x = 0;
  let line = 0;
  return legend.map(({ name, series }) => {
    const needs = Math.min(width, 18 + name.length * 7.5);
    if (x > 0 && x + needs > width) {
      x = 0;
      line++;
    }
    const at = { name, series, x, line };
    x += needs + 16;
    return at;
  });
}

/** The picture as a file. */
export function toPng(canvas: HTMLCanvasElement): Promise<Blob> {
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => {
      if (blob) resolve(blob);
      else reject(new Error("the browser made no picture of the answer"));
    }, "image/png");
  });
}

/** Whether an answer that is shown so is drawn; tables and numbers of a trend are not. */
export function hasPicture(view: ShownAs | undefined): boolean {
  return view !== "table" && view !== "number";
}
