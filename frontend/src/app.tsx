import type { QueryClient } from "@tanstack/react-query";
import { QueryClientProvider } from "@tanstack/react-query";
import { I18nProvider } from "react-aria-components";
import { BrowserRouter, Link, Navigate, Route, Routes } from "react-router";
import { ErrorBoundary } from "./components/error-boundary";
import { Notice } from "./components/notice";
import { ExplorePage } from "./features/explore/explore-page";
import { InvitationGate } from "./features/invitation/invitation-gate";
import { PipelinePage } from "./features/pipeline/pipeline-page";
import { SessionGate } from "./features/session/session-gate";
import { SettingsPage } from "./features/settings/settings-page";
import { Shell } from "./features/shell/shell";
import { userLocale } from "./format/numbers";

/** The whole page. */
export function App({ queryClient }: { queryClient: QueryClient }) {
  return (
    <ErrorBoundary>
      <I18nProvider locale={userLocale()}>
        <QueryClientProvider client={queryClient}>
          <BrowserRouter>
            <InvitationGate>
              <SessionGate>
                <Routes>
                  <Route element={<Shell />}>
                    <Route index element={<Navigate to="/explore" replace />} />
                    <Route path="explore" element={<ExplorePage />} />
                    <Route path="pipeline" element={<PipelinePage />} />
                    <Route path="settings" element={<SettingsPage />} />
                    <Route path="*" element={<NotFound />} />
                  </Route>
                </Routes>
              </SessionGate>
            </InvitationGate>
          </BrowserRouter>
        </QueryClientProvider>
      </I18nProvider>
    </ErrorBoundary>
  );
}

function NotFound() {
  return (
    <main>
      <Notice large page title="There is no such page" actions={<Link to="/explore">Go to Explore</Link>}>
        The address may be mistyped, or from another version.
      </Notice>
    </main>
  );
}
