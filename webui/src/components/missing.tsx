import type { ReactNode } from "react";
import { EmptyState } from "./empty-state";
import { PageHeading } from "./page-heading";

interface Props {
  name: string;
  title: string;
  hint?: ReactNode;
}

/** A page of something that is not there. */
export function Missing({ name, ...rest }: Props) {
  return (
    <div className="space-y-4">
      <PageHeading title={name} />
      <EmptyState {...rest} />
    </div>
  );
}
