import { type ReactNode, useState } from "react";
import { EmptyState } from "./empty-state";

export interface Column<T> {
  name: string;
  cell: (row: T) => ReactNode;
  /** Figures stand to the right. */
  right?: boolean;
}

interface Props<T> {
  /** What the table is of, for those who do not see it. */
  caption: string;
  columns: readonly Column<T>[];
  rows: readonly T[];
  rowKey: (row: T) => string | number;
  empty: string;
  /** How many are shown at first. */
  page?: number;
}

/** Rows of one kind; more on demand, and wide ones scroll by themselves. */
export function DataTable<T>({ caption, columns, rows, rowKey, empty, page = 20 }: Props<T>) {
  const [shown, setShown] = useState(page);
  if (rows.length === 0) return <EmptyState title={empty} />;
  const align = (column: Column<T>) => (column.right ? "text-right" : "");
  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard */}
      <section className="overflow-x-auto" tabIndex={0} aria-label={caption}>
        <table className="table-sm table">
          <caption className="sr-only">{caption}</caption>
          <thead className="text-base-content/70">
            <tr>
              {columns.map((column) => (
                <th key={column.name} scope="col" className={align(column)}>
                  {column.name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.slice(0, shown).map((row) => (
              <tr key={rowKey(row)}>
                {columns.map((column) => (
                  <td key={column.name} className={align(column)}>
                    {column.cell(row)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      {rows.length > shown && (
        <button type="button" className="btn btn-sm mt-2" onClick={() => setShown(shown + page)}>
          Show {Math.min(page, rows.length - shown)} more of {rows.length - shown}
        </button>
      )}
    </>
  );
}
