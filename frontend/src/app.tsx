import type { QueryClient } from "@tanstack/react-query";
import { QueryClientProvider } from "@tanstack/react-query";
import { I18nProvider } from "react-aria-components";
import { BrowserRouter, Link, Navigate, Route, Routes } from "react-router";
import { ErrorBoundary } from "./components/error-boundary";
import { Notice } from "./components/notice";
import { ActivityPage } from "./features/activity/activity-page";
import { ExplorePage } from "./features/explore/explore-page";
import { PeoplePage } from "./features/people/people-page";
import { PersonPage } from "./features/people/person-page";
import { PipelinePage } from "./features/pipeline/pipeline-page";
import { SessionGate } from "./features/session/session-gate";
import { Shell } from "./features/shell/shell";
import { userLocale } from "./format/numbers";

/** The whole page. */
export function App({ queryClient }: { queryClient: QueryClient }) {
  return (
    <ErrorBoundary>
      <I18nProvider locale={userLocale()}>
        <QueryClientProvider client={queryClient}>
          <BrowserRouter>
            <SessionGate>
              <Routes>
                <Route element={<Shell />}>
                  <Route index element={<Navigate to="/explore" replace />} />
                  <Route path="explore" element={<ExplorePage />} />
                  <Route path="people" element={<PeoplePage />} />
                  <Route path="people/user" element={<PersonPage />} />
                  <Route path="activity" element={<ActivityPage />} />
                  <Route path="pipeline" element={<PipelinePage />} />
                  <Route path="*" element={<NotFound />} />
                </Route>
              </Routes>
            </SessionGate>
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
