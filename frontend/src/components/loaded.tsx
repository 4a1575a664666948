import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';

import { Failure } from './failure';

interface Props<T> {
  query: UseQueryResult<T>;
  /** Stands where the content will, in its shape. */
  skeleton: ReactNode;
  children: (data: T) => ReactNode;
}

/** What the server said, or that it has not yet, or why it did not. */
export function Loaded<T>({ query, skeleton, children }: Props<T>) {
  if (query.data !== undefined) return <div aria-busy={query.isPlaceholderData}>{children(query.data)}</div>;
  if (query.error) return <Failure error={query.error} onRetry={() => void query.refetch()} />;
  return (
    <div aria-busy="true">
      <p className="sr-only" role="status">
        Loading
      </p>
      <div aria-hidden="true">{skeleton}</div>
    </div>
  );
}
