import type { ReactNode } from "react";
import styles from "./pipeline.module.css";

type BarsProps = {
  /** What the picture says, in a sentence. */
  label: string;
  /** The highest value, as it is written at the top. */
  top: ReactNode;
  /** How high each bar is; null leaves a gap. */
  values: readonly (number | null)[];
  /** What a bar says when it is pointed at. */
  titleOf: (index: number) => string;
  /** The first and the last moment. */
  ends: readonly [string, string];
};

// In the picture's own units: it is stretched to the room that there is.
const HEIGHT = 100;

/** Bars over time. What they say in numbers stands in the tables below them. */
export function Bars({ label, top, values, titleOf, ends }: BarsProps) {
  const highest = Math.max(...values.map((value) => value ?? 0), 0);
  return (
    <figure className={styles.figure}>
      <figcaption className={styles.axis}>
        <span>{top}</span>
      </figcaption>
      <svg
        className={styles.bars}
        role="img"
        aria-label={label}
        viewBox={`0 0 ${values.length} ${HEIGHT}`}
        preserveAspectRatio="none"
      >
        {values.map((value, index) => {
          if (value === null || value === 0 || highest === 0) return null;
          // What is there at all is seen.
          const height = Math.max(1.5, (value / highest) * HEIGHT);
          return (
            <rect key={index} x={index + 0.1} y={HEIGHT - height} width={0.8} height={height}>
              <title>{titleOf(index)}</title>
            </rect>
          );
        })}
      </svg>
      <p className={styles.axis} aria-hidden="true">
        <span>{ends[0]}</span>
        <span>{ends[1]}</span>
      </p>
    </figure>
  );
}
