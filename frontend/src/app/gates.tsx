// Who may see what: somebody known, somebody with a profile. Each gate leads to the screen that is missing.
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { Navigate, Outlet, useLocation } from "react-router";
import { meQuery, useMe } from "@/api/queries";
import { FormatContext, formatOf } from "@/shared/format";
import { Failed } from "@/shared/ui/states";
import { Splash } from "./Splash";

export function Known() {
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
