// The parameters of a provisioned cluster's parameter group, which moto does not take.

import { document } from "./answers.mjs";

const REDSHIFT = "http://redshift.amazonaws.com/doc/2012-12-01/";

/** What users set in parameter groups. */
export class RedshiftParameters {
  #groups = new Map();

  /** Answers a call, or gives undefined for one that is another's. */
  answer(call) {
    const group = call.form.get("ParameterGroupName");
    const parameters = this.#groups.get(group) ?? new Map();
    switch (call.action) {
      case "ModifyClusterParameterGroup":
        for (let i = 1; call.form.has(`Parameters.Parameter.${i}.ParameterName`); i++) {
          const field = (name) => call.form.get(`Parameters.Parameter.${i}.${name}`);
          parameters.set(field("ParameterName"), field("ParameterValue"));
        }
        this.#groups.set(group, parameters);
        return document("ModifyClusterParameterGroupResponse", REDSHIFT, {
          ModifyClusterParameterGroupResult: { ParameterGroupName: group, ParameterGroupStatus: "Your parameter group has been updated." },
        });
      case "DescribeClusterParameters":
        return document("DescribeClusterParametersResponse", REDSHIFT, {
          DescribeClusterParametersResult: {
            Parameters: {
              Parameter: [...parameters].map(([name, value]) => ({
                ParameterName: name,
                ParameterValue: value,
                Source: "user",
                ApplyType: "static",
                IsModifiable: true,
              })),
            },
          },
        });
      default:
        return undefined;
    }
  }
}
