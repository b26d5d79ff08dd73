//! Quotas: what the host gives each principal from outside and each domain, and whom a call is charged to.

use crate::CallRequest;
use serde::Deserialize;
use skep_bus::{BusError, Charge, Payer};
use skep_core::{Allowance, DomainName, Fault, Quota, RateLevel};
use std::collections::BTreeMap;

/// What an operator gives principals and domains.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Quotas {
    /// Each principal from outside, in each domain, but for what its key says.
    pub principal: Quota,
    /// Each domain: all who call into it from outside together.
    pub domain: Quota,
    /// What single domains have instead.
    pub domains: BTreeMap<DomainName, Quota>,
}

impl Quotas {
    /// What a call is charged to: the origin's quota and the domain's. A call by a skill rides on the one from
    /// outside, and who has the host's own rights must be able to mend a host that others flood.
    pub(crate) fn charges(&self, request: &CallRequest) -> Vec<Charge> {
        let (Allowance::Metered(own), Some(origin)) = (request.allowance, request.chain.first()) else {
            return Vec::new();
        };
        let domain = self.domains.get(&request.to.domain).copied().unwrap_or_default();
        let charges = [
            Charge { payer: Payer::Principal(origin.clone()), quota: own.over(self.principal) },
            Charge { payer: Payer::Domain, quota: domain.over(self.domain) },
        ];
        charges.into_iter().filter(|charge| !charge.quota.is_empty()).collect()
    }
}

/// Why a call was not taken, and how far the rate of who asked is drawn down, if that is why.
pub(crate) struct Refused {
    pub(crate) fault: Fault,
    pub(crate) rate: Option<RateLevel>,
}

impl From<Fault> for Refused {
    fn from(fault: Fault) -> Self {
        Self { fault, rate: None }
    }
}

impl From<BusError> for Refused {
    fn from(error: BusError) -> Self {
        Self { rate: error.rate(), fault: error.into() }
    }
}
