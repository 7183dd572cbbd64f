import type { QueryClient } from "@tanstack/react-query";
import { QueryClientProvider } from "@tanstack/react-query";
import { I18nProvider } from "react-aria-components";
import { lazy, Suspense, type ComponentType, type ReactNode } from "react";
import { BrowserRouter, Navigate, Outlet, Route, Routes } from "react-router";
import { ButtonLink } from "./components/button";
import { ErrorBoundary } from "./components/error-boundary";
import { Notice } from "./components/notice";
import { usePageTitle } from "./components/use-page-title";
import { ActivityPage } from "./features/activity/activity-page";
import { ExplorePage } from "./features/explore/explore-page";
import { InvitationGate } from "./features/invitation/invitation-gate";
import { PeoplePage } from "./features/people/people-page";
import { PersonPage } from "./features/people/person-page";
import { SessionGate } from "./features/session/session-gate";
import { Shell } from "./features/shell/shell";
import { userLocale } from "./format/numbers";

const CohortsPage = lazy(() => import("./features/cohorts/cohorts-page"));
const CohortPage = lazy(() => import("./features/cohorts/cohort-page"));
const NewCohortPage = lazy(() => import("./features/cohorts/new-cohort-page"));
const DataPage = lazy(() => import("./features/data/data-page"));
const PipelinePage = lazy(() => import("./features/pipeline/pipeline-page"));
const SettingsPage = lazy(() => import("./features/settings/settings-page"));
const InsightsPage = lazy(() => import("./features/insights/insights-page"));
const InsightPage = lazy(() => import("./features/insights/insight-page"));
const AlertsPage = lazy(() => import("./features/alerts/alerts-page"));
const AlertPage = lazy(() => import("./features/alerts/alert-page"));
const NewAlertPage = lazy(() => import("./features/alerts/new-alert-page"));
const DashboardsPage = lazy(() => import("./features/dashboards/dashboards-page"));
const DashboardPage = lazy(() => import("./features/dashboards/dashboard-page"));

type AppProps = {
  queryClient: QueryClient;
  /** What keeps the address, where that is not the browser. */
  router?: ComponentType<{ children: ReactNode }>;
};

/** The whole page. */
export function App({ queryClient, router: Router = BrowserRouter }: AppProps) {
  return (
    <ErrorBoundary>
      <I18nProvider locale={userLocale()}>
        <QueryClientProvider client={queryClient}>
          <Router>
            <InvitationGate>
              <SessionGate>
                <Routes>
                  <Route element={<Shell />}>
                    <Route index element={<Navigate to="/explore" replace />} />
                    <Route path="explore" element={<ExplorePage />} />
                    <Route element={<Later />}>
                      <Route path="insights" element={<InsightsPage />} />
                      <Route path="insights/:id" element={<InsightPage />} />
                      <Route path="dashboards" element={<DashboardsPage />} />
                      <Route path="dashboards/:id" element={<DashboardPage />} />
                      <Route path="pipeline" element={<PipelinePage />} />
                      <Route path="settings" element={<SettingsPage />} />
                      <Route path="data" element={<DataPage />} />
                      <Route path="cohorts" element={<CohortsPage />} />
                      <Route path="cohorts/new" element={<NewCohortPage />} />
                      <Route path="cohorts/:id" element={<CohortPage />} />
                      <Route path="alerts" element={<AlertsPage />} />
                      <Route path="alerts/new" element={<NewAlertPage />} />
                      <Route path="alerts/:id" element={<AlertPage />} />
                    </Route>
                    <Route path="people" element={<PeoplePage />} />
                    <Route path="people/user" element={<PersonPage />} />
                    <Route path="activity" element={<ActivityPage />} />
                    <Route path="*" element={<NotFound />} />
                  </Route>
                </Routes>
              </SessionGate>
            </InvitationGate>
          </Router>
        </QueryClientProvider>
      </I18nProvider>
    </ErrorBoundary>
  );
}

/** Pages that are loaded when they are gone to; one that fails to load leaves the header be. */
function Later() {
  return (
    <ErrorBoundary>
      <Suspense fallback={<main aria-busy="true" aria-label="Loading" />}>
        <Outlet />
      </Suspense>
    </ErrorBoundary>
  );
}

function NotFound() {
  usePageTitle("No such page");
  return (
    <main>
      <Notice
        large
        page
        title="There is no such page"
        actions={<ButtonLink to="/explore">Go to Explore</ButtonLink>}
      >
        The address may be mistyped, or from another version.
      </Notice>
    </main>
  );
}
