import { useState } from "react";
import { NavLink, Outlet, useLocation } from "react-router";
import { useLogout } from "../../api/session";
import { IconButton } from "../../components/button";
import { LoafMark, SignOutIcon } from "../../components/icons";
import { PipelineChip } from "../pipeline/pipeline-chip";
import { useLivePipeline } from "../pipeline/use-live-pipeline";
import { PagesNav } from "./pages-nav";
import styles from "./shell.module.css";
import { ThemeMenu } from "./theme-menu";

/** What is around every page: the mark, the way to the other pages, and what concerns them all. */
export function Shell() {
  const logout = useLogout();
  const { pathname, search } = useLocation();
  const [question, setQuestion] = useState("");
  useLivePipeline();

  // The way back to Explore leads to the question that was left there.
  if (pathname === "/explore" && search !== question) setQuestion(search);
  const explore = `/explore${question}`;

  return (
    <div className={styles.shell}>
      <header className={styles.header}>
        <NavLink to={explore} className={styles.brand} aria-label="DataLoaf, to Explore">
          <LoafMark />
          <span className={styles.name}>DataLoaf</span>
        </NavLink>
        <PagesNav explore={explore} />
        <div className={styles.tools}>
          <PipelineChip />
          <ThemeMenu />
          <IconButton label="Sign out" onPress={() => logout.mutate()}>
            <SignOutIcon />
          </IconButton>
        </div>
      </header>
      <Outlet />
    </div>
  );
}
