import { createRoute, Link, useNavigate } from '@tanstack/react-router';

import { Page } from '@/components/page';
import { useSignUp } from '@/features/session/api';
import { CredentialsForm } from '@/features/session/credentials-form';
import { films } from '@/lib/format';
import { useMe } from '@/lib/me';

import { rootRoute } from './root';

export const signUpRoute = createRoute({ getParentRoute: () => rootRoute, path: '/sign-up', component: SignUpPage });

function SignUpPage() {
  const me = useMe();
  const navigate = useNavigate();
  const signUp = useSignUp(() => void navigate({ to: '/for-you' }));
  return (
    <Page title="Sign up">
      <div className="mx-auto max-w-sm">
        <h1 className="mb-6 text-6xl leading-none">Sign up</h1>
        {me?.kind === 'guest' && me.ratings_count > 0 && (
          <p className="mb-5 text-sm">Your guest’s ratings of {films(me.ratings_count)} come along.</p>
        )}
        <CredentialsForm action="Sign up" change={signUp} newPassword />
        <p className="mt-6 text-sm text-muted">
          Have an account?{' '}
          <Link to="/sign-in" className="link">
            Sign in
          </Link>
        </p>
      </div>
    </Page>
  );
}
