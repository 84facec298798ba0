import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App, prepare, queryClient } from "@/app/App";
import "@/shared/styles/tokens.css";
import "@/shared/styles/base.css";
import "@/shared/styles/parts.css";
import "@/shared/styles/controls.css";

const root = document.getElementById("root");
if (root === null) throw new Error("index.html has no #root");
const client = queryClient();
void prepare(client).then(() => {
  createRoot(root).render(
    <StrictMode>
      <App client={client} />
    </StrictMode>,
  );
});
