import { createRoute, Link, useNavigate } from '@tanstack/react-router';

import { Page } from '@/components/page';
import { useSignIn } from '@/features/session/api';
import { CredentialsForm } from '@/features/session/credentials-form';

import { rootRoute } from './root';

export const signInRoute = createRoute({ getParentRoute: () => rootRoute, path: '/sign-in', component: SignInPage });

function SignInPage() {
  const navigate = useNavigate();
  const signIn = useSignIn(() => void navigate({ to: '/for-you' }));
  return (
    <Page title="Sign in">
      <div className="mx-auto max-w-sm">
        <h1 className="mb-6 text-6xl leading-none">Sign in</h1>
        <CredentialsForm action="Sign in" change={signIn} />
        <p className="mt-6 text-sm text-muted">
          No account yet?{' '}
          <Link to="/sign-up" className="link">
            Sign up
          </Link>
          {' · '}
          <Link to="/reset-password" className="link">
            Forgot the password?
          </Link>
        </p>
      </div>
    </Page>
  );
}
