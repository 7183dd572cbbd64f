import styles from "./results.module.css";

/** Holds the answer's place while it is on its way. */
export function Waiting() {
  return (
    <div className={styles.waiting} role="status">
      <span className="visually-hidden">The answer is on its way</span>
    </div>
  );
}
