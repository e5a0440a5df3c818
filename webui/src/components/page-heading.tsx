import { type ReactNode, useEffect, useRef } from "react";

interface Props {
  /** What the browser calls the page: text of ours, or cleaned. */
  title: string;
  /** What stands there instead of the title. */
  children?: ReactNode;
}

/** The name of a page. It takes the focus that a change of pages left at the place where pages begin. */
export function PageHeading({ title, children = title }: Props) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} · Minerva`;
  }, [title]);
  useEffect(() => {
    if (document.activeElement?.id === "content") heading.current?.focus({ preventScroll: true });
  }, []);
  return (
    <h1 ref={heading} tabIndex={-1} className="min-h-8 font-bold text-2xl [overflow-wrap:anywhere]">
      {children}
    </h1>
  );
}
