import type { RetirementRow } from "./audit/rows.ts";
import { energyIdOf, type Source, sourceAt } from "./energyId.ts";
import { slotEnd, slotStart } from "./slots.ts";

/**
 * Retired energy as certificates, with the fields of EnergyTag's Granular Certificate Scheme Standard, version 2 (4
 * March 2024), named as in its GC Registry API Specification, version 2. Unknown fields are null. Energy of one source
 * in one microgrid is fungible, so a certificate names the series and no single device.
 */
export const CERTIFICATE_STANDARD = {
  standard: "EnergyTag Granular Certificate Scheme Standard v2 (2024-03-04)",
  fields: "EnergyTag GC Registry API Specification v2 (2024-03-04)",
} as const;

/** The standard's names of a source and its technology. */
const KINDS: Readonly<Record<Source, readonly [source: string, kind: string]>> = {
  Solar: ["solar_pv", "solar photovoltaic"],
  Wind: ["wind", "wind turbine"],
  Hydro: ["hydro", "hydropower"],
  Biogas: ["biogas", "biogas engine"],
  Cogeneration: ["other", "combined heat and power"],
  Storage: ["storage", "battery storage"],
  Grid: ["other", "grid supply"],
};

/** Which network the retired energy is part of. */
export interface CertificateIssuer {
  readonly chainId: number;
  readonly energy: string;
}

/**
 * The certificates of a retirement, one bundle per delivery slot.
 * @param retiredBefore Wh of each token that earlier retirements have numbered; increased by these.
 */
export function certificatesOf(
  row: RetirementRow,
  { chainId, energy }: CertificateIssuer,
  retiredBefore: Map<string, bigint>,
) {
  const source = sourceAt(row.source);
  const [energySource, technology] = KINDS[source];
  return row.energyWh.map(([slot, wh]) => {
    const token = energyIdOf({ microgrid: row.microgrid, source, slot }).toString();
    const first = (retiredBefore.get(token) ?? 0n) + 1n;
    retiredBefore.set(token, first + wh - 1n);
    return {
      issuance_id: `eip155:${chainId}/erc1155:${energy}/${token}`,
      hash: row.transaction,
      certificate_bundle_status: "Cancelled",
      account_id: row.holder,
      certificate_bundle_id_range_start: first.toString(),
      certificate_bundle_id_range_end: (first + wh - 1n).toString(),
      bundle_quantity: wh.toString(),
      energy_carrier: "electricity",
      energy_source: energySource,
      face_value: 1,
      issuance_post_energy_carrier_conversion: false,
      registry_configuration: null,
      device_id: null,
      device_name: row.microgridName,
      device_technology_type: technology,
      device_production_start_date: null,
      device_capacity: null,
      device_location: [row.latitudeTenths / 10, row.longitudeTenths / 10],
      device_type: source === "Storage" ? "storage" : "production",
      production_starting_interval: isoOf(slotStart(slot, row.slotSeconds)),
      production_ending_interval: isoOf(slotEnd(slot, row.slotSeconds)),
      issuance_datestamp: null,
      expiry_datestamp: null,
      is_storage: source === "Storage",
      sdr_allocation_id: null,
      storage_efficiency_factor: null,
      country_of_issuance: null,
      connected_grid_identification: `microgrid ${row.microgrid}`,
      issuing_body: energy,
      legal_status: null,
      issuance_purpose: "disclosure",
      support_received: null,
      quality_scheme_reference: null,
      dissemination_level: "injected into the microgrid",
      issue_market_zone: `microgrid ${row.microgrid}`,
      emissions_factor_production_device: null,
      emissions_factor_source: null,
      cancellation: {
        action_type: "cancel",
        beneficiary: row.beneficiary,
        purpose: row.purpose,
        action_completed_datetime: isoOf(row.time),
        transaction: row.transaction,
        block: row.block,
      },
    };
  });
}

const isoOf = (unixSeconds: number): string => new Date(unixSeconds * 1000).toISOString();
