// Google's own button; what it hands over is checked by the service.
import { useMutation } from "@tanstack/react-query";
import { GoogleLogin, GoogleOAuthProvider } from "@react-oauth/google";
import { ask } from "@/api/contract";
import { session } from "@/api/session";
import { Notice } from "@/shared/ui/Notice";

export default function GoogleSignIn({ clientId }: { clientId: string }) {
  const signIn = useMutation({
    mutationFn: (credential: string) => ask<{ ft_token: string }>("POST", "/api/auth/google", { body: { credential } }),
    onSuccess: (signedIn) => session.begin(signedIn.ft_token),
  });
  return (
    <GoogleOAuthProvider clientId={clientId}>
      <GoogleLogin onSuccess={({ credential }) => credential !== undefined && signIn.mutate(credential)} width={320} />
      {signIn.isError && <Notice tone="bad">{signIn.error.message}</Notice>}
    </GoogleOAuthProvider>
  );
}
