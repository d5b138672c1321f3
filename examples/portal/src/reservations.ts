import { PrismaClient } from '@prisma/client';

const prisma = new PrismaClient();

export function page(tenantId: bigint, number: number, size: number) {
  return prisma.reservation.findMany({
    where: { tenantId },
    select: { id: true, status: true, createdAt: true },
    orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
    take: size,
    skip: number * size,
  });
}

export function pageAfter(tenantId: bigint, cursor: bigint, size: number) {
  return prisma.reservation.findMany({
    where: { tenantId },
    select: { id: true, status: true, createdAt: true },
    orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
    take: size,
    cursor: { id: cursor },
    skip: 1,
  });
}

/** Changes any hotel's reservation. */
export function setNote(id: bigint, note: string) {
  return prisma.reservation.update({ where: { id }, data: { note }, select: { id: true } });
}

export function setNoteOfTenant(tenantId: bigint, id: bigint, note: string) {
  return prisma.reservation.updateMany({ where: { id, tenantId }, data: { note } });
}

export function searchNotes(tenantId: bigint, text: string) {
  return prisma.reservation.findMany({ where: { tenantId, note: { contains: text } }, select: { id: true }, orderBy: { id: 'asc' }, take: 20 });
}

export function notesStartingWith(tenantId: bigint, text: string) {
  return prisma.reservation.findMany({ where: { tenantId, note: { startsWith: text } }, select: { id: true }, orderBy: { id: 'asc' }, take: 20 });
}

export async function guestNames(tenantId: bigint) {
  const reservations = await prisma.reservation.findMany({ where: { tenantId, status: 'open' }, select: { id: true, guestId: true }, orderBy: { id: 'asc' }, take: 200 });
  const names: string[] = [];
  for (const reservation of reservations) {
    const guest = await prisma.guest.findFirst({ where: { id: reservation.guestId, tenantId }, select: { fullName: true } });
    names.push(guest?.fullName ?? '');
  }
  return names;
}

export async function guestNamesAtOnce(tenantId: bigint) {
  const reservations = await prisma.reservation.findMany({
    where: { tenantId, status: 'open' },
    select: { id: true, guest: { select: { fullName: true } } },
    orderBy: { id: 'asc' },
    take: 200,
  });
  return reservations.map((r) => r.guest.fullName);
}

export async function importGuests(tenantId: bigint, people: readonly { email: string; fullName: string }[]) {
  for (const person of people) {
    await prisma.guest.create({ data: { tenantId, email: person.email, fullName: person.fullName } });
  }
}

export function importGuestsAtOnce(tenantId: bigint, people: readonly { email: string; fullName: string }[]) {
  return prisma.guest.createMany({ data: people.map((p) => ({ tenantId, email: p.email, fullName: p.fullName })) });
}
