import { type FormEvent, useState } from 'react';

import { Failure } from '@/components/failure';

import { useDeleteAccount } from './api';

export function DeleteAccount({ onDone }: { onDone: () => void }) {
  const [password, setPassword] = useState('');
  const remove = useDeleteAccount();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    remove.mutate(password, { onSuccess: onDone });
  };
  return (
    <details>
      <summary className="link w-fit">Delete the account</summary>
      <form onSubmit={submit} className="mt-4 grid max-w-sm gap-3">
        <p className="text-sm text-muted">Your name, ratings and watchlist are removed for good.</p>
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
        {remove.error && <Failure error={remove.error} />}
        <button type="submit" className="button border-danger text-danger" disabled={remove.isPending}>
          Delete for good
        </button>
      </form>
    </details>
  );
}
