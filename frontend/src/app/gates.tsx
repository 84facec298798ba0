// Who may see what: nobody signed in, somebody, somebody with a profile. Each gate leads to the screen that is missing.
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo } from "react";
import { Navigate, Outlet, useLocation } from "react-router";
import { meQuery, useMe } from "@/api/queries";
import { useSignedIn } from "@/api/session";
import { FormatContext, formatOf } from "@/shared/format";
import { Failed } from "@/shared/ui/states";
import { Splash } from "./Splash";

export function NeedsNobody() {
  return useSignedIn() ? <Navigate to="/dashboard" replace /> : <Outlet />;
}

export function NeedsSignIn() {
  const signedIn = useSignedIn();
  const client = useQueryClient();
  useEffect(() => {
    if (!signedIn) client.removeQueries({ queryKey: ["own"] });
  }, [client, signedIn]);
  return signedIn ? <Known /> : <Navigate to="/login" replace />;
}

function Known() {
  const me = useQuery(meQuery);
  if (me.data !== undefined) return <Outlet />;
  if (!me.isError) return <Splash />;
  return (
    <main className="page">
      <Failed error={me.error} retry={() => void me.refetch()} />
    </main>
  );
}

export function NeedsProfile() {
  const me = useMe();
  const { pathname } = useLocation();
  const format = useMemo(() => formatOf(me.locale ?? navigator.language), [me.locale]);
  if (!me.is_profile_complete) return <Navigate to="/onboarding" replace state={{ from: pathname }} />;
  return (
    <FormatContext value={format}>
      <Outlet />
    </FormatContext>
  );
}
