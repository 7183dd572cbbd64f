// The calls that plans make, with one fixed answer each: an account in which every
// region has three zones, and whoever asks for a VPC or subnets of their own has them.

import { ACCOUNT, document, failure, json } from "./answers.mjs";
import { filters, listed } from "./calls.mjs";

const EC2 = "http://ec2.amazonaws.com/doc/2016-11-15/";
const ROUTE53 = "https://route53.amazonaws.com/doc/2013-04-01/";

/** The VPC that subnets lie in, and one beside it: that of subnets whose id begins with subnet-0f. */
export const VPC = "vpc-0123456789abcdef0";
export const OTHER_VPC = "vpc-0f00000000000000f";
const CIDR = "10.20.0.0/16";
const AMI = "ami-0123456789abcdef0";
const ZONE = { id: "Z0123456789ABCDEFGHIJ", name: "example.com." };
// Of the same name, for a VPC.
const PRIVATE_ZONE = "Z0PRIVATE9ABCDEFGHIJ";

const zones = (region) => ["a", "b", "c"].map((letter) => region + letter);
// An id of nothing but zeros is that of nothing.
const missing = (id) => /-0+$/.test(id);
const ec2 = (call, value) => document(`${call.action}Response`, EC2, { requestId: "standin", ...value });
const arn = (call, kind, id) => `arn:aws:ec2:${call.region}:${ACCOUNT}:${kind}/${id}`;

const ec2Reads = {
  DescribeAvailabilityZones: (call) =>
    ec2(call, {
      availabilityZoneInfo: {
        item: zones(call.region).map((zone, i) => ({
          zoneName: zone,
          zoneId: `${call.region}-az${i + 1}`,
          zoneState: "available",
          zoneType: "availability-zone",
          regionName: call.region,
          groupName: call.region,
          networkBorderGroup: call.region,
          optInStatus: "opt-in-not-required",
        })),
      },
    }),

  DescribeRegions: (call) =>
    ec2(call, {
      regionInfo: {
        item: {
          regionName: call.region,
          regionEndpoint: `ec2.${call.region}.amazonaws.com`,
          optInStatus: "opt-in-not-required",
        },
      },
    }),

  DescribeAccountAttributes: (call) =>
    ec2(call, {
      accountAttributeSet: {
        item: {
          attributeName: "supported-platforms",
          attributeValueSet: { item: { attributeValue: "VPC" } },
        },
      },
    }),

  DescribeVpcs(call) {
    const [id = filters(call.form).get("vpc-id")?.[0] ?? VPC] = listed(call.form, "VpcId");
    if (missing(id)) return failure(call, "InvalidVpcID.NotFound", `The vpc ID '${id}' does not exist`);
    return ec2(call, {
      vpcSet: {
        item: {
          vpcId: id,
          ownerId: ACCOUNT,
          state: "available",
          cidrBlock: CIDR,
          cidrBlockAssociationSet: {
            item: { associationId: "vpc-cidr-assoc-0123456789abcdef0", cidrBlock: CIDR, cidrBlockState: { state: "associated" } },
          },
          dhcpOptionsId: "dopt-0123456789abcdef0",
          instanceTenancy: "default",
          isDefault: false,
        },
      },
    });
  },

  DescribeVpcAttribute: (call) => {
    const name = call.form.get("Attribute");
    return ec2(call, { vpcId: call.form.get("VpcId"), [name]: { value: name !== "enableNetworkAddressUsageMetrics" } });
  },

  DescribeSubnets(call) {
    const asked = listed(call.form, "SubnetId").concat(filters(call.form).get("subnet-id") ?? []);
    const ids = asked.length > 0 ? asked : ["subnet-01", "subnet-02", "subnet-03"].map((id) => `${id}23456789abcdef0`);
    const absent = ids.find(missing);
    if (absent) return failure(call, "InvalidSubnetID.NotFound", `The subnet ID '${absent}' does not exist`);
    const vpc = filters(call.form).get("vpc-id")?.[0];
    return ec2(call, {
      subnetSet: {
        item: ids.map((id) => {
          const place = zonePlace(id);
          return {
            subnetId: id,
            subnetArn: arn(call, "subnet", id),
            vpcId: vpc ?? (id.startsWith("subnet-0f") ? OTHER_VPC : VPC),
            ownerId: ACCOUNT,
            state: "available",
            cidrBlock: `10.20.${place}.0/24`,
            availabilityZone: zones(call.region)[place],
            availabilityZoneId: `${call.region}-az${place + 1}`,
            availableIpAddressCount: 250,
            defaultForAz: false,
            mapPublicIpOnLaunch: false,
          };
        }),
      },
    });
  },

  DescribeRouteTables: (call) =>
    ec2(call, {
      routeTableSet: {
        item: {
          routeTableId: listed(call.form, "RouteTableId")[0] ?? "rtb-0123456789abcdef0",
          vpcId: filters(call.form).get("vpc-id")?.[0] ?? VPC,
          ownerId: ACCOUNT,
          routeSet: {
            item: { destinationCidrBlock: CIDR, gatewayId: "local", state: "active", origin: "CreateRouteTable" },
          },
          associationSet: {
            item: {
              routeTableAssociationId: "rtbassoc-0123456789abcdef0",
              routeTableId: "rtb-0123456789abcdef0",
              main: true,
              associationState: { state: "associated" },
            },
          },
        },
      },
    }),

  DescribeManagedPrefixLists(call) {
    const name = filters(call.form).get("prefix-list-name")?.[0] ?? `com.amazonaws.${call.region}.s3`;
    return ec2(call, {
      prefixListSet: {
        item: {
          prefixListId: "pl-0123456789abcdef0",
          prefixListName: name,
          prefixListArn: arn(call, "prefix-list", "pl-0123456789abcdef0").replace(ACCOUNT, "aws"),
          ownerId: "AWS",
          addressFamily: "IPv4",
          state: "create-complete",
          version: 1,
        },
      },
    });
  },

  GetManagedPrefixListEntries: (call) => ec2(call, { entrySet: { item: { cidr: "3.5.0.0/16" } } }),

  DescribePrefixLists: (call) =>
    ec2(call, {
      prefixListSet: {
        item: {
          prefixListId: "pl-0123456789abcdef0",
          prefixListName: filters(call.form).get("prefix-list-name")?.[0] ?? `com.amazonaws.${call.region}.s3`,
          cidrSet: { item: "3.5.0.0/16" },
        },
      },
    }),

  DescribeVpcEndpointServices(call) {
    const [name = `com.amazonaws.${call.region}.s3`] = listed(call.form, "ServiceName");
    return ec2(call, {
      serviceNameSet: { item: name },
      serviceDetailSet: {
        item: {
          serviceName: name,
          serviceId: "vpce-svc-0123456789abcdef0",
          serviceType: { item: { serviceType: name.endsWith(".s3") ? "Gateway" : "Interface" } },
          availabilityZoneSet: { item: zones(call.region) },
          owner: "amazon",
          acceptanceRequired: false,
          vpcEndpointPolicySupported: true,
        },
      },
    });
  },

  DescribeImages: (call) =>
    ec2(call, {
      imagesSet: {
        item: {
          imageId: listed(call.form, "ImageId")[0] ?? AMI,
          name: "al2023-ami-2023.7.20250609.0-kernel-6.1-arm64",
          imageLocation: "amazon/al2023-ami-2023.7.20250609.0-kernel-6.1-arm64",
          imageOwnerAlias: "amazon",
          imageOwnerId: "137112412989",
          imageState: "available",
          imageType: "machine",
          isPublic: true,
          architecture: "arm64",
          creationDate: "2025-06-09T00:00:00.000Z",
          rootDeviceName: "/dev/xvda",
          rootDeviceType: "ebs",
          virtualizationType: "hvm",
          hypervisor: "xen",
          imdsSupport: "v2.0",
          blockDeviceMapping: {
            item: {
              deviceName: "/dev/xvda",
              ebs: { snapshotId: "snap-0123456789abcdef0", volumeSize: 8, volumeType: "gp3", encrypted: false, deleteOnTermination: true },
            },
          },
        },
      },
    }),
};

// Subnets lie in zones by the last digit of their ids: …0, …1, …2 are three of them.
const zonePlace = (id) => (Number.parseInt(id.at(-1), 16) || 0) % 3;

const route53Zone = (id) => ({
  Id: `/hostedzone/${id}`,
  Name: ZONE.name,
  CallerReference: "standin",
  Config: { PrivateZone: id === PRIVATE_ZONE },
  ResourceRecordSetCount: 2,
});

/**
 * For each service, by the name it has in signatures, a function that answers a call
 * or gives undefined.
 *
 * @type {Record<string, (call: ReturnType<typeof import("./calls.mjs").identify>) => object | undefined>}
 */
export const reads = {
  ec2: (call) => ec2Reads[call.action]?.(call),

  sts: (call) =>
    call.action === "GetCallerIdentity"
      ? document("GetCallerIdentityResponse", "https://sts.amazonaws.com/doc/2011-06-15/", {
          GetCallerIdentityResult: { Arn: `arn:aws:iam::${ACCOUNT}:user/standin`, UserId: "AIDASTANDIN", Account: ACCOUNT },
          ResponseMetadata: { RequestId: "standin" },
        })
      : undefined,

  ssm(call) {
    if (call.action !== "GetParameter") return undefined;
    const name = call.json.Name;
    if (!/^\/aws\/service\/ami-amazon-linux-latest\/al2023-ami-.*-arm64$/.test(name)) {
      return failure(call, "ParameterNotFound", `Parameter ${name} not found.`);
    }
    return json({
      Parameter: {
        Name: name,
        ARN: `arn:aws:ssm:${call.region}::parameter${name}`,
        Type: "String",
        DataType: "text",
        Value: AMI,
        Version: 1,
        LastModifiedDate: 1749427200,
      },
    });
  },

  secretsmanager(call) {
    if (call.action !== "GetRandomPassword") return undefined;
    const { PasswordLength = 32 } = call.json;
    return json({ RandomPassword: "standin".repeat(Math.ceil(PasswordLength / 7)).slice(0, PasswordLength) });
  },

  route53(call) {
    switch (true) {
      case call.method === "GET" && /^\/2013-04-01\/hostedzone\/?$/.test(call.path):
        return document("ListHostedZonesResponse", ROUTE53, {
          HostedZones: { HostedZone: [ZONE.id, PRIVATE_ZONE].map(route53Zone) },
          IsTruncated: false,
          MaxItems: 100,
        });
      case call.method === "GET" && call.path === "/2013-04-01/hostedzonesbyname":
        return document("ListHostedZonesByNameResponse", ROUTE53, {
          HostedZones: { HostedZone: route53Zone(ZONE.id) },
          IsTruncated: false,
          MaxItems: 100,
        });
      case call.method === "GET" && [ZONE.id, PRIVATE_ZONE].some((id) => call.path === `/2013-04-01/hostedzone/${id}`):
        return document("GetHostedZoneResponse", ROUTE53, {
          HostedZone: route53Zone(call.path.split("/").pop()),
          DelegationSet: { NameServers: { NameServer: ["ns-1.awsdns-01.com", "ns-2.awsdns-02.org"] } },
        });
      // Where a private zone's name servers are found.
      case call.method === "GET" && call.path === `/2013-04-01/hostedzone/${PRIVATE_ZONE}/rrset`:
        return document("ListResourceRecordSetsResponse", ROUTE53, {
          ResourceRecordSets: {
            ResourceRecordSet: { Name: ZONE.name, Type: "NS", TTL: 172800, ResourceRecords: { ResourceRecord: { Value: "ns-1.awsdns-01.com." } } },
          },
          IsTruncated: false,
          MaxItems: 100,
        });
      case call.method === "GET" && call.path.startsWith("/2013-04-01/hostedzone/"):
        return failure(call, "NoSuchHostedZone", `No hosted zone found with ID: ${call.path.split("/").pop()}`, 404);
      case call.method === "GET" && call.path.startsWith("/2013-04-01/tags/hostedzone/"):
        return document("ListTagsForResourceResponse", ROUTE53, {
          ResourceTagSet: { ResourceType: "hostedzone", ResourceId: call.path.split("/").pop(), Tags: "" },
        });
      default:
        return undefined;
    }
  },
};
