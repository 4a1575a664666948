import { Failure } from '@/components/failure';

import { useSignOutEverywhere } from './api';

export function SignOutEverywhere({ onDone }: { onDone: () => void }) {
  const signOut = useSignOutEverywhere(onDone);
  return (
    <section aria-labelledby="sessions">
      <h2 id="sessions" className="text-3xl leading-none">
        Browsers
      </h2>
      <p className="mt-2 mb-4 text-sm text-muted">Left a browser signed in somewhere? This ends all of your sessions, here too.</p>
      {signOut.error && <Failure error={signOut.error} />}
      <button type="button" className="button" disabled={signOut.isPending} onClick={() => signOut.mutate(undefined)}>
        Sign out everywhere
      </button>
    </section>
  );
}
