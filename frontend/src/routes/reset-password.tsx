import { createRoute, useNavigate, useRouterState } from '@tanstack/react-router';

import { useAnnounce } from '@/components/notice';
import { Page } from '@/components/page';
import { ResetPassword } from '@/features/session/reset-password';

import { rootRoute } from './root';

export const resetPasswordRoute = createRoute({ getParentRoute: () => rootRoute, path: '/reset-password', component: ResetPasswordPage });

function ResetPasswordPage() {
  const token = useRouterState({ select: ({ location }) => location.hash });
  const navigate = useNavigate();
  const announce = useAnnounce();
  const done = () => {
    announce({ text: 'Your new password is set.' });
    void navigate({ to: '/sign-in' });
  };
  return (
    <Page title="New password">
      <div className="mx-auto max-w-sm">
        <h1 className="mb-6 text-6xl leading-none">New password</h1>
        {token ? (
          <ResetPassword token={token} onDone={done} />
        ) : (
          <p className="text-muted">Forgot your password? Ask who runs this site for a link that sets a new one.</p>
        )}
      </div>
    </Page>
  );
}
