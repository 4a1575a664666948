import { type SubmitEvent, useState } from 'react';

import { Failure } from '@/components/failure';

import { useDeleteAccount } from './api';

interface Props {
  /** A guest has no password to prove it with. */
  guest: boolean;
  onDone: () => void;
}

export function DeleteAccount({ guest, onDone }: Props) {
  const [password, setPassword] = useState('');
  const remove = useDeleteAccount(onDone);
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    remove.mutate(password);
  };
  return (
    <section aria-labelledby="delete">
      <h2 id="delete" className="text-3xl leading-none">
        Leave for good
      </h2>
      <p className="mt-2 mb-4 text-sm text-muted">Your name, ratings and watchlist are removed and cannot be brought back.</p>
      <details>
        <summary className="link w-fit text-sm">Delete everything</summary>
        <form onSubmit={submit} className="mt-4 grid max-w-sm gap-3">
          {!guest && (
            <label className="grid gap-1 text-sm font-semibold">
              Your password
              <input
                type="password"
                className="field"
                autoComplete="current-password"
                required
                value={password}
                onChange={(event) => setPassword(event.target.value)}
              />
            </label>
          )}
          {remove.error && <Failure error={remove.error} />}
          <button type="submit" className="button w-fit border-danger text-danger" disabled={remove.isPending}>
            Delete for good
          </button>
        </form>
      </details>
    </section>
  );
}
