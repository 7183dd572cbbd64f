import { useCallback, useState, type ReactNode } from "react";
import { MemoryRouter } from "react-router";
import { newQueryClient } from "../src/api/query-client";
import { App } from "../src/app";

/** The whole page at an address of its own, which the browser's is not. */
export function View({ path }: { path: string }) {
  const [queryClient] = useState(newQueryClient);
  const router = useCallback(
    ({ children }: { children: ReactNode }) => (
      <MemoryRouter initialEntries={[path]}>{children}</MemoryRouter>
    ),
    [path],
  );
  return <App queryClient={queryClient} router={router} />;
}
