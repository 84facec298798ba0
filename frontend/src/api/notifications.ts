// Notifications, as the side bar and their own screen need them.
import { queryOptions } from "@tanstack/react-query";
import { api, body, type Schemas } from "./client";

export type Notification = Schemas["NotificationBody"];
export type NotificationType = Notification["type"];

export const unreadQuery = (accountId: string) =>
  queryOptions({
    queryKey: ["own", "notifications", "count"],
    queryFn: () =>
      body(api.GET("/api/notifications/count/{account_id}", { params: { path: { account_id: accountId } } })),
    retry: false,
  });
