import { useCallback, useEffect, useState, type ReactNode } from "react";
import { MemoryRouter } from "react-router";
import { newQueryClient } from "../src/api/query-client";
import { App } from "../src/app";

type ViewProps = {
  path: string;
  /** The name of a button that is pressed as soon as it is there. */
  press: string | undefined;
};

/** The whole page at an address of its own, which the browser's is not. */
export function View({ path, press }: ViewProps) {
  useEffect(() => (press === undefined ? undefined : pressWhenThere(press)), [press]);
  const [queryClient] = useState(newQueryClient);
  const router = useCallback(
    ({ children }: { children: ReactNode }) => (
      <MemoryRouter initialEntries={[path]}>{children}</MemoryRouter>
    ),
    [path],
  );
  return <App queryClient={queryClient} router={router} />;
}

/** Presses a button once it is on the page; what is returned gives up waiting for it. */
function pressWhenThere(name: string): () => void {
  const look = () => {
    const button = [...document.querySelectorAll("button")].find(
      (one) => (one.getAttribute("aria-label") ?? one.textContent) === name,
    );
    if (!button) return;
    observer.disconnect();
    button.click();
  };
  const observer = new MutationObserver(look);
  observer.observe(document.body, { childList: true, subtree: true });
  look();
  return () => observer.disconnect();
}
