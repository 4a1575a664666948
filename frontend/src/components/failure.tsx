import { ApiError } from '@/lib/api';

interface Props {
  error: Error;
  onRetry?: () => void;
}

/** What went wrong, in one line, and a way to try again. */
export function Failure({ error, onRetry }: Props) {
  const requestId = error instanceof ApiError ? error.requestId : null;
  return (
    <div role="alert" className="flex flex-wrap items-center gap-x-4 gap-y-2 border-l-4 border-danger bg-surface px-4 py-3 text-sm">
      <p>
        {error.message}
        {requestId && <span className="ml-2 text-muted">Request {requestId}</span>}
      </p>
      {onRetry && (
        <button type="button" className="link" onClick={onRetry}>
          Try again
        </button>
      )}
    </div>
  );
}
