import { Component, type ReactNode } from "react";
import { explain, type Problem } from "@/lib/errors";
import { ErrorNote } from "./error-note";

interface Props {
  children: ReactNode;
}

/** A fault on one page leaves the others usable. */
export class ErrorBoundary extends Component<Props, { problem: Problem | null }> {
  override state = { problem: null };

  static getDerivedStateFromError(error: unknown) {
    return { problem: explain(error) };
  }

  override render() {
    const { problem } = this.state;
    if (problem === null) return this.props.children;
    return <ErrorNote problem={problem} onRetry={() => this.setState({ problem: null })} />;
  }
}
