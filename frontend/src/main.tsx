import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { newQueryClient } from "./api/query-client";
import { App } from "./app";
import { startTheme } from "./components/theme";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/print.css";

startTheme();

const root = document.getElementById("root");
if (!root) throw new Error("index.html has no element with the id root");
createRoot(root).render(
  <StrictMode>
    <App queryClient={newQueryClient()} />
  </StrictMode>,
);
