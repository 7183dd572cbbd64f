import { useLayoutEffect, useRef } from "react";
import { NavLink, useLocation } from "react-router";
import styles from "./shell.module.css";

/** The pages by what one does there: ask, look at people, keep an eye on the data. */
const GROUPS = [
  [
    { to: "/explore", text: "Explore" },
    { to: "/insights", text: "Insights" },
    { to: "/dashboards", text: "Dashboards" },
  ],
  [
    { to: "/people", text: "People" },
    { to: "/activity", text: "Activity" },
    { to: "/cohorts", text: "Cohorts" },
  ],
  [
    { to: "/data", text: "Data" },
    { to: "/alerts", text: "Alerts" },
    { to: "/pipeline", text: "Pipeline" },
    { to: "/settings", text: "Settings" },
  ],
] as const;

/** The way to the other pages; Explore's is given, since it leads back to the question that was left there. */
export function PagesNav({ explore }: { explore: string }) {
  const nav = useRef<HTMLElement>(null);
  const { pathname } = useLocation();

  // Where the line scrolls, the page that one is on shall be seen in it.
  useLayoutEffect(() => {
    const line = nav.current;
    const current = line?.querySelector<HTMLElement>("[aria-current=page]");
    if (!line || !current) return;
    line.scrollLeft = current.offsetLeft - line.offsetLeft - (line.clientWidth - current.offsetWidth) / 2;
  }, [pathname]);

  return (
    <nav ref={nav} aria-label="Pages" className={styles.nav}>
      {GROUPS.map((pages) => (
        <div key={pages[0].to} className={styles.group}>
          {pages.map(({ to, text }) => (
            <NavLink key={to} to={to === "/explore" ? explore : to}>
              {text}
            </NavLink>
          ))}
        </div>
      ))}
    </nav>
  );
}
