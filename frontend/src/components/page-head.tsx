import type { ReactNode } from "react";
import page from "./page.module.css";

type PageHeadProps = {
  title: string;
  /** What it is, in the words of whoever made it. */
  description?: string;
  /** Where it belongs, and who changed it. */
  note?: ReactNode;
  /** What can be done here. */
  children?: ReactNode;
};

/** The head of a page: its title, and beside it what can be done. */
export function PageHead({ title, description = "", note, children }: PageHeadProps) {
  return (
    <header className={page.head}>
      <div className={page.titles}>
        <h1 className={page.heading} dir="auto">
          {title}
        </h1>
        {description !== "" && (
          <p className={page.description} dir="auto">
            {description}
          </p>
        )}
        {note && <p className={page.note}>{note}</p>}
      </div>
      {children && <div className={page.tools}>{children}</div>}
    </header>
  );
}
