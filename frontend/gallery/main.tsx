import { StrictMode, type ReactNode } from "react";
import { createRoot } from "react-dom/client";
import "../src/styles/tokens.css";
import "../src/styles/base.css";
import "../src/styles/print.css";
import { serve } from "./server";
import { STATES } from "./states";

/** Shows the state that the address names, as /?state=dashboard-full, or all there are. */
async function show(): Promise<ReactNode> {
  const name = new URLSearchParams(window.location.search).get("state") ?? "";
  if (name === "components") {
    const { Components } = await import("./components");
    return <Components />;
  }
  const state = STATES.find((one) => one.name === name);
  if (!state) {
    const { Index } = await import("./components");
    return <Index names={["components", ...STATES.map((one) => one.name)]} />;
  }
  serve(state.replies);
  // Only now: the page's modules keep the fetch that they find.
  const { View } = await import("./view");
  return <View path={state.path} press={state.press} />;
}

const root = document.getElementById("root");
if (!root) throw new Error("index.html has no element with the id root");
const { startTheme } = await import("../src/components/theme");
startTheme();
createRoot(root).render(<StrictMode>{await show()}</StrictMode>);
