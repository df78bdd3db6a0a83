// Records of the caller's scope with the same policy number. A sync leaves both out, so it is told where it is typed.
import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { type Customer, api, unwrap } from "../api/client";

const kTypingMs = 300;
const kToldMax = 3;

export async function twinsOf(policyNo: string, own: string | undefined): Promise<Customer[]> {
  const query = { policy_no: policyNo, limit: kToldMax + 1 };
  const { customers } = await unwrap(api.GET("/api/insurance/customers", { params: { query } }));
  return customers.filter(({ id }) => id !== own).slice(0, kToldMax);
}

// Of a number that is being typed: asked for when the typing rests.
export function useTwins(typed: string, own: string | undefined): Customer[] {
  const [policyNo, setPolicyNo] = useState(typed);
  useEffect(() => {
    const timer = setTimeout(() => setPolicyNo(typed), kTypingMs);
    return () => clearTimeout(timer);
  }, [typed]);
  const twins = useQuery({ queryKey: ["customers", "twins", policyNo, own], enabled: policyNo.trim() !== "", queryFn: () => twinsOf(policyNo, own) });
  return policyNo.trim() === "" ? [] : (twins.data ?? []);
}
