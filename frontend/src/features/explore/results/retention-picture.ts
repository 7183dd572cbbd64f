import { formatBucket } from "../../../format/dates";
import { formatNumber, formatShare } from "../../../format/numbers";
import type { RetentionView } from "../question";
import { periodName, type RetentionResult } from "../retention-answer";
import { picture, type PictureText } from "./picture";

const NAME = 150;
const CELL = 64;
const ROW = 28;

/** A retention's table as a picture. */
export function drawRetention(
  text: PictureText,
  result: RetentionResult,
  view: RetentionView,
  locale: string,
): HTMLCanvasElement | null {
  const { cohorts, overall, interval, timezone, size } = result;
  const rows = [
    { name: "All cohorts", size, cells: overall, view: "percent" as RetentionView },
    ...cohorts.map((cohort) => ({
      name: formatBucket(cohort.start, interval, timezone, locale),
      size: cohort.size,
      cells: cohort.cells,
      view,
    })),
  ];
  const left = (column: number) => NAME + column * CELL;
  return picture(text, left(overall.length + 1), (rows.length + 1) * ROW, ({ context, colors }) => {
    const write = (words: string, x: number, row: number, width: number) =>
      context.fillText(words, x, row * ROW + 19, width - 8);
    context.font = `12px ${colors.font}`;
    context.fillStyle = colors.soft;
    write("Cohort", 0, 0, NAME);
    context.textAlign = "right";
    write("Users", left(1) - 8, 0, CELL);
    overall.forEach((_, period) => write(periodName(interval, period), left(period + 2) - 8, 0, CELL));
    rows.forEach(({ name, size: users, cells, view: shownAs }, at) => {
      const row = at + 1;
      context.textAlign = "left";
      context.fillStyle = colors.text;
      write(name, 0, row, NAME);
      context.textAlign = "right";
      write(formatNumber(users, locale), left(1) - 8, row, CELL);
      cells.forEach(({ users: back, share, state }, period) => {
        if (state === "future") return;
        context.fillStyle = colors.crust;
        context.globalAlpha = 0.06 + 0.42 * Math.sqrt(share ?? 0);
        context.fillRect(left(period + 1) + 1, row * ROW + 1, CELL - 2, ROW - 2);
        context.globalAlpha = 1;
        context.fillStyle = colors.text;
        const words =
          shownAs === "users"
            ? formatNumber(back, locale)
            : share === null
              ? "–"
              : formatShare(share, locale);
        write(words, left(period + 2) - 8, row, CELL);
      });
    });
  });
}
