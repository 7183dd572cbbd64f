import type { ReactNode } from "react";
import { useLocation } from "react-router";
import { InvitationPage } from "./invitation-page";

/** Shows a one-time link's page to whoever has the link, signed in or not. */
export function InvitationGate({ children }: { children: ReactNode }) {
  const { pathname } = useLocation();
  return pathname === "/invitation" ? <InvitationPage /> : children;
}
