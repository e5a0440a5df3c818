import type { Problem } from "@/lib/errors";

interface Props {
  problem: Pick<Problem, "title" | "cure"> & Partial<Problem>;
  onRetry?: () => void;
}

/** What went wrong and what to do; the contract's own name for it, with its values, on demand. */
export function ErrorNote({ problem, onRetry }: Props) {
  return (
    <div
      role="alert"
      className="alert alert-error alert-soft flex-col items-start text-base-content sm:flex-row"
    >
      <div className="min-w-0 flex-1">
        <p className="font-semibold">{problem.title}.</p>
        <p className="text-sm">{problem.cure}</p>
        {problem.name && (
          <details className="mt-1 text-sm">
            <summary className="cursor-pointer">{problem.name}</summary>
            <dl className="mt-1 grid grid-cols-[auto_1fr] gap-x-3 break-all">
              {problem.values?.map(([name, value]) => (
                <div key={name} className="contents">
                  <dt>{name}</dt>
                  <dd>{value}</dd>
                </div>
              ))}
            </dl>
          </details>
        )}
      </div>
      {onRetry && (
        <button type="button" className="btn btn-sm" onClick={onRetry}>
          Try again
        </button>
      )}
    </div>
  );
}
