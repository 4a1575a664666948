import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';

import { useMe, useStartGuest } from '@/lib/me';

/** The content for whoever has a place for ratings, a way to get one for all others. */
export function ViewersOnly({ children }: { children: ReactNode }) {
  const me = useMe();
  const startGuest = useStartGuest();
  if (me === undefined) return null;
  if (me.kind !== 'anonymous') return children;
  return (
    <div>
      <p className="max-w-prose text-muted">This page keeps what you rate and put aside. A guest session is enough for that.</p>
      <div className="mt-5 flex flex-wrap items-center gap-4">
        <button type="button" className="button button-primary" disabled={startGuest.isPending} onClick={() => startGuest.mutate(undefined)}>
          Start as a guest
        </button>
        <Link to="/sign-in" className="link text-sm">
          Sign in
        </Link>
      </div>
    </div>
  );
}
