import { formatNumber } from "../../../format/numbers";
import { ribbons, stepText, type PathsResult } from "../paths-answer";
import { picture, type PictureText } from "./picture";

const COLUMN = 180;
const GAP = 70;
const ROW = 46;
const HEAD = 26;

/** The flow of paths as a picture. */
export function drawPaths(text: PictureText, result: PathsResult, locale: string): HTMLCanvasElement | null {
  const { columns, links, users, direction } = result;
  const rows = Math.max(...columns.map(({ nodes, ended }) => nodes.length + (ended ? 1 : 0)));
  const left = (column: number) => column * (COLUMN + GAP);
  return picture(text, left(columns.length) - GAP, HEAD + rows * ROW, ({ context, colors }) => {
    links.forEach((between, gap) => {
      const x1 = left(gap) + COLUMN;
      const x2 = x1 + GAP;
      const middle = (x1 + x2) / 2;
      context.fillStyle = colors.crust;
      context.globalAlpha = 0.3;
      for (const { y1, y2, width } of ribbons(between, users)) {
        const half = (width / 2) * ROW;
        const [from, to] = [HEAD + y1 * ROW, HEAD + y2 * ROW];
        context.beginPath();
        context.moveTo(x1, from - half);
        context.bezierCurveTo(middle, from - half, middle, to - half, x2, to - half);
        context.lineTo(x2, to + half);
        context.bezierCurveTo(middle, to + half, middle, from + half, x1, from + half);
        context.fill();
      }
      context.globalAlpha = 1;
    });
    columns.forEach(({ step, nodes, ended }, column) => {
      const x = left(column);
      context.font = `12px ${colors.font}`;
      context.fillStyle = colors.soft;
      context.fillText(stepText(step, direction), x, 14, COLUMN);
      nodes.forEach(({ name, users: of, share }, row) => {
        const top = HEAD + row * ROW + 3;
        context.fillStyle = colors.sunken;
        context.fillRect(x, top, COLUMN, ROW - 6);
        context.fillStyle = colors.crust;
        context.fillRect(x, top + ROW - 10, Math.max(2, COLUMN * share), 4);
        context.fillStyle = colors.text;
        context.font = `600 13px ${colors.font}`;
        context.fillText(name, x + 8, top + 22, COLUMN - 72);
        context.textAlign = "right";
        context.font = `13px ${colors.font}`;
        context.fillText(formatNumber(of, locale), x + COLUMN - 8, top + 22, 56);
        context.textAlign = "left";
      });
      if (ended !== null && ended > 0) {
        const top = HEAD + nodes.length * ROW + 3;
        context.font = `13px ${colors.font}`;
        context.fillStyle = colors.soft;
        const words = direction === "after" ? "Nothing more" : "Nothing before";
        context.fillText(words, x + 8, top + 22, COLUMN - 72);
        context.textAlign = "right";
        context.fillText(formatNumber(ended, locale), x + COLUMN - 8, top + 22, 56);
        context.textAlign = "left";
      }
    });
  });
}
