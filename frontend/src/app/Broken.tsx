// The last resort: a screen that fails while drawing leaves a sentence and a way back, never a white page.
import { Component, type ReactNode } from "react";
import { State } from "@/shared/ui/states";

export class Broken extends Component<{ children: ReactNode }, { failed: boolean }> {
  override state = { failed: false };

  static getDerivedStateFromError() {
    return { failed: true };
  }

  override render() {
    if (!this.state.failed) return this.props.children;
    const back = (
      <a className="button" href="/dashboard">
        Back to the dashboard
      </a>
    );
    return (
      <main className="page">
        <State icon="warn" title="This screen has failed" action={back}>
          Your data is untouched. If it happens again, reload the page.
        </State>
      </main>
    );
  }
}
