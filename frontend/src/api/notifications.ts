// Notifications, as the side bar and their own screen need them.
import { queryOptions } from "@tanstack/react-query";
import { ask } from "./contract";

export type NotificationType = "risk" | "alert" | "info";

export interface Notification {
  id: string;
  account_id: string;
  title: string;
  message: string;
  type: NotificationType;
  is_read: boolean;
  created_at: string;
}

export const unreadQuery = (accountId: string) =>
  queryOptions({
    queryKey: ["own", "notifications", "count"],
    queryFn: () => ask<{ total: number; unread: number }>("GET", `/api/notifications/count/${accountId}`),
    retry: false,
  });
