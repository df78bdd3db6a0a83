set(UNIT_LINKS rowlane_domain)
