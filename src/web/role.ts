/** The roles of visitors. Each includes the rights of those before it. */
export const ROLES = ["viewer", "approver", "administrator"] as const;

export type Role = typeof ROLES[number];

/** Whether a role has all rights of `other`. */
export function includesRole(role: Role, other: Role): boolean {
  return ROLES.indexOf(role) >= ROLES.indexOf(other);
}
