/** The shape of Prisma's generated client for `Guest` and `Reservation`, for type-checking what a fix writes. */
export const PRISMA_TYPES = `
declare module '@prisma/client' {
  type Result<M, R, A> = A extends { select: infer S }
    ? { [K in keyof S & (keyof M | keyof R) as S[K] extends false | undefined ? never : K]: K extends keyof R ? Related<R[K], S[K]> : K extends keyof M ? M[K] : never }
    : A extends { include: infer I } ? M & { [K in keyof I & keyof R]: Related<R[K], I[K]> } : M;
  type Related<T, A> = null extends T ? Result<NonNullable<T>, {}, A> | null : Result<T, {}, A>;
  type Filter<T> = T | { in?: NonNullable<T>[] } | undefined;
  interface Arguments<M, R> {
    where?: { [K in keyof M]?: Filter<M[K]> };
    select?: { [K in keyof M | keyof R]?: K extends keyof R ? boolean | { select?: object; include?: object } : boolean };
    include?: { [K in keyof R]?: boolean | { select?: object; include?: object } };
    orderBy?: { [K in keyof M]?: 'asc' | 'desc' };
    take?: number;
  }
  interface Delegate<M, R> {
    findMany<const A extends Arguments<M, R>>(args?: A): Promise<Result<M, R, A>[]>;
    findFirst<const A extends Arguments<M, R>>(args?: A): Promise<Result<M, R, A> | null>;
    findUnique<const A extends Arguments<M, R> & { where: object }>(args: A): Promise<Result<M, R, A> | null>;
  }
  interface Guest { id: bigint; tenantId: bigint; email: string; fullName: string }
  interface Reservation { id: bigint; tenantId: bigint; guestId: bigint; hostId: bigint | null; status: string }
  export class PrismaClient {
    guest: Delegate<Guest, {}>;
    reservation: Delegate<Reservation, { guest: Guest; host: Guest | null }>;
  }
}
`;
