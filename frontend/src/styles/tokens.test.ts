import { describe, expect, it } from "vitest";
import css from "./tokens.css?raw";

/** The tokens of one scheme, as sRGB channels. */
function palette(scheme: "light" | "dark"): Map<string, [number, number, number]> {
  const found = new Map<string, [number, number, number]>();
  for (const [, name = "", light = "", dark = ""] of css.matchAll(
    /--([\w-]+):\s*light-dark\(#([0-9a-f]{6}),\s*#([0-9a-f]{6})\)/g,
  )) {
    const hex = scheme === "light" ? light : dark;
    found.set(name, [0, 2, 4].map((at) => parseInt(hex.slice(at, at + 2), 16)) as [number, number, number]);
  }
  return found;
}

function luminance(channels: [number, number, number]): number {
  const [r, g, b] = channels.map((channel) => {
    const value = channel / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

const text: [string, string][] = [
  ...["flour", "crumb", "crumb-sunken", "crumb-raised", "crust-wash"].flatMap(
    (surface): [string, string][] => [
      ["rye", surface],
      ["rye-soft", surface],
    ],
  ),
  ["crust", "crumb"],
  ["crust", "crumb-raised"],
  ["crust", "crust-wash"],
  ["on-crust", "crust"],
  ["on-crust", "crust-deep"],
  ["rye", "bad-wash"],
  ["bad", "crumb"],
  ["warn", "crumb"],
  ["warn", "crumb-raised"],
  ["on-tooltip", "tooltip"],
];

const shapes: [string, string][] = [
  ...["flour", "crumb", "crumb-raised", "crumb-sunken"].flatMap((surface): [string, string][] => [
    ["edge", surface],
    ["focus", surface],
  ]),
  ["good", "crumb"],
  ["bad", "bad-wash"],
  ...Array.from({ length: 10 }, (_, index): [string, string] => [`series-${index + 1}`, "crumb"]),
  ...Array.from({ length: 10 }, (_, index): [string, string] => ["on-series", `series-${index + 1}`]),
];

describe.each(["light", "dark"] as const)("%s", (scheme) => {
  const colors = palette(scheme);
  const contrast = (one: string, other: string) => {
    const [a, b] = [one, other].map((name) => {
      const channels = colors.get(name);
      if (!channels) throw new Error(`tokens.css has no colour ${name}`);
      return luminance(channels);
    }) as [number, number];
    return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  };

  it.each(text)("text in %s can be read on %s", (one, other) => {
    expect(contrast(one, other)).toBeGreaterThanOrEqual(4.5);
  });

  it.each(shapes)("%s can be made out on %s", (one, other) => {
    expect(contrast(one, other)).toBeGreaterThanOrEqual(3);
  });
});
