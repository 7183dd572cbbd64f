import { formatNumber, formatShare } from "../../../format/numbers";
import { medianText, type FunnelResult } from "../funnel-answer";
import { picture, type PictureText } from "./picture";

const WIDTH = 960;
const STEP = 84;

/** A funnel's steps as a picture. */
export function drawFunnel(
  text: PictureText,
  result: FunnelResult,
  locale: string,
): HTMLCanvasElement | null {
  return picture(text, WIDTH, result.steps.length * STEP, ({ context, colors }) => {
    result.steps.forEach(({ name, users, conversion, stepConversion, lost, medianSeconds }, index) => {
      const top = index * STEP;
      context.font = `600 15px ${colors.font}`;
      context.fillStyle = colors.text;
      context.textAlign = "left";
      context.fillText(`${index + 1}. ${name}`, 0, top + 16, WIDTH - 180);
      context.textAlign = "right";
      context.fillText(`${formatNumber(users, locale)} users`, WIDTH, top + 16, 170);
      context.textAlign = "left";
      context.fillStyle = colors.sunken;
      context.fillRect(0, top + 24, WIDTH, 24);
      context.fillStyle = colors.crust;
      context.fillRect(0, top + 24, WIDTH * conversion, 24);
      context.font = `13px ${colors.font}`;
      context.fillStyle = colors.soft;
      const facts = [`${formatShare(conversion, locale)} of the first step`];
      if (stepConversion !== null) facts.push(`${formatShare(stepConversion, locale)} of the step before`);
      if (lost !== null) facts.push(`${formatNumber(lost, locale)} dropped off`);
      if (medianSeconds !== null) facts.push(`median time ${medianText(medianSeconds, locale)}`);
      context.fillText(facts.join(" · "), 0, top + 66, WIDTH);
    });
  });
}
