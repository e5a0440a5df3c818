import { type ComponentProps, lazy, Suspense } from "react";
import { EmptyState } from "./empty-state";
import { ErrorBoundary } from "./error-boundary";

const RoundsChart = lazy(() => import("./rounds-chart"));

/** A chart in the place that it will take, before its script and its rows are there. */
export function ChartBox({ empty, ...chart }: ComponentProps<typeof RoundsChart> & { empty: string }) {
  return (
    <div className="h-72">
      {chart.rows.length === 0 ? (
        <EmptyState title={empty} />
      ) : (
        <ErrorBoundary>
          <Suspense fallback={<div className="skeleton h-full w-full" />}>
            <RoundsChart {...chart} />
          </Suspense>
        </ErrorBoundary>
      )}
    </div>
  );
}
