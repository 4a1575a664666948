import { useState } from 'react';

import { Failure } from '@/components/failure';
import type { Account } from '@/lib/api-types';
import { date, moment, ratings } from '@/lib/format';

import { useAccountChange, useResetLink } from './api';

/** An account, and what can be done about it. */
export function AccountItem({ account }: { account: Account }) {
  const { name, is_admin, locked, created_at, ratings_count } = account;
  const [deleting, setDeleting] = useState(false);
  const change = useAccountChange(name);
  const link = useResetLink(name);
  const error = change.error ?? link.error;
  const marks = [is_admin && 'admin', locked && 'locked'].filter(Boolean).join(', ');
  return (
    <li className="grid gap-3 py-4" aria-label={name}>
      <div className="flex flex-wrap items-center gap-x-4 gap-y-2 text-sm">
        <p className="mr-auto">
          <span className="font-semibold">{name}</span>
          {marks && <span className="ml-2 text-accent">{marks}</span>}
          <span className="ml-2 text-muted">
            since {date(created_at)}, {ratings(ratings_count)}
          </span>
        </p>
        <button type="button" className="link" disabled={link.isPending} onClick={() => link.mutate()}>
          Reset link
        </button>
        <button type="button" className="link" disabled={change.isPending} onClick={() => change.mutate(locked ? 'unlock' : 'lock')}>
          {locked ? 'Unlock' : 'Lock'}
        </button>
        {is_admin && (
          <button type="button" className="link" disabled={change.isPending} onClick={() => change.mutate('revoke-admin')}>
            Revoke admin
          </button>
        )}
        <button type="button" className="link" aria-expanded={deleting} onClick={() => setDeleting(!deleting)}>
          Delete
        </button>
      </div>
      {deleting && (
        <p className="flex flex-wrap items-center gap-4 text-sm">
          {name} goes with all ratings, and cannot be brought back.
          <button type="button" className="button border-danger text-danger" disabled={change.isPending} onClick={() => change.mutate('delete')}>
            Delete for good
          </button>
        </p>
      )}
      {link.data && (
        <label className="grid gap-1 text-sm">
          Give this to {name}: it sets a new password, once, until {moment(link.data.expires_at)}
          <input className="field" readOnly value={addressOf(link.data.token)} onFocus={(event) => event.target.select()} />
        </label>
      )}
      {error && <Failure error={error} />}
    </li>
  );
}

/** Behind the #, where it enters no server's log. */
const addressOf = (token: string) => `${window.location.origin}/reset-password#${token}`;
