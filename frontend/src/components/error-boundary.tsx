import { Component, type ReactNode } from "react";
import { Button } from "./button";
import { Notice } from "./notice";

/** Keeps a part that fails from taking the whole page with it. */
export class ErrorBoundary extends Component<{ children: ReactNode }, { failed: boolean }> {
  override state = { failed: false };

  static getDerivedStateFromError() {
    return { failed: true };
  }

  override render() {
    if (!this.state.failed) return this.props.children;
    return (
      <Notice
        kind="bad"
        large
        title="This part of the page failed"
        actions={
          <Button kind="primary" onPress={() => window.location.reload()}>
            Reload the page
          </Button>
        }
      >
        The server may have a newer version. Your question is kept in the page’s address.
      </Notice>
    );
  }
}
