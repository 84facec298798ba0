// Google's own button; what it hands over is checked by the service.
import { useState } from "react";
import { useMutation } from "@tanstack/react-query";
import { GoogleLogin, GoogleOAuthProvider } from "@react-oauth/google";
import { ask } from "@/api/contract";
import { session } from "@/api/session";
import { Notice } from "@/shared/ui/Notice";

export default function GoogleSignIn({ clientId }: { clientId: string }) {
  // Google signs it into what it hands over: a credential made for another page is of no use here.
  const [nonce] = useState(() => crypto.randomUUID());
  const signIn = useMutation({
    mutationFn: (credential: string) => ask("POST", "/api/auth/google", { body: { credential, nonce, cookie: true } }),
    onSuccess: session.begin,
  });
  return (
    <GoogleOAuthProvider clientId={clientId}>
      <GoogleLogin
        nonce={nonce}
        onSuccess={({ credential }) => credential !== undefined && signIn.mutate(credential)}
        width={320}
      />
      {signIn.isError && <Notice tone="bad">{signIn.error.message}</Notice>}
    </GoogleOAuthProvider>
  );
}
