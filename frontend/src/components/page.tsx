import { type ReactNode, useEffect } from 'react';

interface Props {
  /** Of the browser's tab. */
  title: string;
  children: ReactNode;
}

/** A route's content, under its own name in tab and history. */
export function Page({ title, children }: Props) {
  useEffect(() => {
    document.title = title === 'Movie Genie' ? title : `${title} · Movie Genie`;
  }, [title]);
  return <div className="mx-auto w-full max-w-7xl px-4 py-8 sm:px-6 sm:py-10">{children}</div>;
}
