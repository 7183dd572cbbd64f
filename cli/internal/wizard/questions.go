package wizard

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/mail"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dataloaf/dataloaf/cli/internal/cloud"
	"github.com/dataloaf/dataloaf/cli/internal/cost/model"
	"github.com/dataloaf/dataloaf/cli/internal/deploy"
	"github.com/dataloaf/dataloaf/cli/internal/failure"
	"github.com/dataloaf/dataloaf/cli/internal/prompt"
	"github.com/dataloaf/dataloaf/cli/internal/stack"
)

// nothing is the answer of who wants none where an answer is needed.
const nothing = "none"

// account finds out who one is: by the flag, by choice among the profiles, or by
// AWS's default chain.
func (w *wizard) account(ctx context.Context) error {
	profiles := w.o.Profiles()
	if w.o.Stack.Profile != "" || !w.o.Prompter.Asks() || len(profiles) == 0 {
		return w.identify(ctx, w.o.Stack.Profile)
	}
	const chain = ""
	for {
		choices := []prompt.Choice{{Label: "AWS's default chain", Value: chain, Detail: "environment, default profile, or this machine's role"}}
		for _, p := range profiles {
			choices = append(choices, prompt.Choice{Label: p, Value: p, Detail: "profile"})
		}
		profile, err := w.o.Prompter.Select(ctx, prompt.Select{Label: "Which credentials", Choices: choices, Default: chain, Flag: "profile"})
		if err != nil {
			return err
		}
		err = w.identify(ctx, profile)
		if err == nil || ctx.Err() != nil {
			return err
		}
		// Others may do.
		failure.Print(w.o.Deploy.Streams.Err, err)
	}
}

func (w *wizard) identify(ctx context.Context, profile string) error {
	session, err := w.o.Open(ctx, cloud.Options{Profile: profile, Region: w.o.Stack.Region})
	if err != nil {
		return err
	}
	identity, err := session.Identify(ctx)
	if err != nil {
		return err
	}
	w.session, w.identity = session, identity
	w.say("You are %s in the account %s.", w.style.Bold(identity.ARN), w.style.Bold(identity.Account))
	return nil
}

// accept makes sure that it is the right account.
func (w *wizard) accept(ctx context.Context) error {
	if want := w.o.Account; want != "" {
		if want != w.identity.Account {
			return failure.Usage("Choose other credentials with --profile (LOAF_PROFILE), or another --account (LOAF_ACCOUNT).",
				"--account is %s, and these credentials are of %s", want, w.identity.Account)
		}
		return nil
	}
	if !w.o.Prompter.Asks() {
		return nil
	}
	yes, err := w.o.Prompter.Confirm(ctx, prompt.Confirm{Label: "Use this account", Default: true, Flag: "account"})
	if err != nil {
		return err
	}
	if !yes {
		return failure.New(nil, "Run it again with other credentials: --profile (LOAF_PROFILE), or `aws sso login`.", "stopped")
	}
	return nil
}

// region asks for one of those that are enabled.
func (w *wizard) region(ctx context.Context) error {
	enabled, err := w.session.Regions(ctx)
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		// Who may not list them may name one.
		w.say("%s", w.style.Warn(fmt.Sprintf("The enabled regions could not be listed: %v.", err)))
	}
	region := w.o.Stack.Region
	if w.before != nil {
		region = w.before.Region
	}
	switch {
	case region != "":
	case len(enabled) > 0 && w.o.Prompter.Asks():
		var choices []prompt.Choice
		for _, name := range enabled {
			choices = append(choices, prompt.Choice{Label: name, Value: name, Detail: places[name]})
		}
		region, err = w.o.Prompter.Select(ctx, prompt.Select{Label: "Region", Choices: choices, Default: w.session.Config.Region, Search: true, Flag: "region"})
	case w.o.Prompter.Asks():
		region, err = w.o.Prompter.Input(ctx, prompt.Input{Label: "Region", Default: w.session.Config.Region, Check: checkRegion, Flag: "region"})
	case w.session.Config.Region != "":
		region = w.session.Config.Region
	default:
		_, err = w.o.Prompter.Select(ctx, prompt.Select{Flag: "region"})
		return err
	}
	if region == "" && err != nil {
		return err
	}
	if err := checkRegion(region); err != nil {
		return failure.Usage("Give one such as --region eu-central-1 (LOAF_REGION).", "--region %q: %v", region, err)
	}
	if len(enabled) > 0 && !slices.Contains(enabled, region) {
		return failure.Usage("Enable it in the account's settings, or give another --region (LOAF_REGION): "+strings.Join(enabled, ", ")+".", "the region %s is not enabled in this account", region)
	}
	w.answers.Region = region
	w.session = w.session.In(region)
	return nil
}

var regionForm = regexp.MustCompile(`^[a-z]{2}(-[a-z]+)+-[0-9]$`)

func checkRegion(text string) error {
	if !regionForm.MatchString(text) {
		return errors.New("that is no region; one looks like eu-central-1")
	}
	return nil
}

// places are where regions are, to search for.
var places = map[string]string{
	"us-east-1": "N. Virginia", "us-east-2": "Ohio", "us-west-1": "N. California", "us-west-2": "Oregon", "af-south-1": "Cape Town",
	"ap-east-1": "Hong Kong", "ap-south-1": "Mumbai", "ap-south-2": "Hyderabad", "ap-northeast-1": "Tokyo", "ap-northeast-2": "Seoul",
	"ap-northeast-3": "Osaka", "ap-southeast-1": "Singapore", "ap-southeast-2": "Sydney", "ap-southeast-3": "Jakarta", "ap-southeast-4": "Melbourne",
	"ca-central-1": "Montreal", "ca-west-1": "Calgary", "eu-central-1": "Frankfurt", "eu-central-2": "Zurich", "eu-west-1": "Ireland",
	"eu-west-2": "London", "eu-west-3": "Paris", "eu-south-1": "Milan", "eu-south-2": "Spain", "eu-north-1": "Stockholm",
	"il-central-1": "Tel Aviv", "me-south-1": "Bahrain", "me-central-1": "UAE", "mx-central-1": "Mexico", "sa-east-1": "São Paulo",
}

// name asks for the stack's name.
func (w *wizard) name(ctx context.Context) error {
	name := w.o.Stack.Name
	if w.before != nil {
		name = w.before.Name
	} else if !w.o.Given("name") && w.o.Prompter.Asks() {
		var err error
		if name, err = w.o.Prompter.Input(ctx, prompt.Input{Label: "Name of the stack", Default: name, Check: stack.CheckName, Flag: "name"}); err != nil {
			return err
		}
	}
	if err := stack.CheckName(name); err != nil {
		return failure.Usage("Give another --name (LOAF_NAME).", "--name %q: %v", name, err)
	}
	w.answers.Name, w.o.Stack.Name = name, name
	return nil
}

// events asks how much is expected.
func (w *wizard) events(ctx context.Context) error {
	if w.o.Given("events-per-second") || !w.o.Prompter.Asks() {
		if err := checkEvents(strconv.FormatFloat(w.o.EventsPerSecond, 'f', -1, 64)); err != nil {
			return failure.Usage("Give a number from 0.", "--events-per-second: %v", err)
		}
		return nil
	}
	text, err := w.o.Prompter.Input(ctx, prompt.Input{
		Label: "Events a second you expect, on average", Hint: "Prices follow from it, and nothing else. A million a day is about 12 a second.",
		Default: model.Number(w.o.EventsPerSecond), Check: checkEvents, Flag: "events-per-second",
	})
	if err != nil {
		return err
	}
	w.o.EventsPerSecond, err = strconv.ParseFloat(text, 64)
	return err
}

func checkEvents(text string) error {
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(n) || n < 0 || n > 1e9 {
		return errors.New("that is no number of events; give one such as 10 or 0.5")
	}
	return nil
}

// sizes are the warehouses that are offered.
var sizes = []struct {
	value, label string
	warehouse    stack.Warehouse
}{
	{"serverless-4", "Redshift Serverless, 4 RPU", stack.Warehouse{Type: "serverless", BaseCapacity: 4}},
	{"serverless-8", "Redshift Serverless, 8 RPU", stack.Warehouse{Type: "serverless", BaseCapacity: 8}},
	{"serverless-16", "Redshift Serverless, 16 RPU", stack.Warehouse{Type: "serverless", BaseCapacity: 16}},
	{"serverless-32", "Redshift Serverless, 32 RPU", stack.Warehouse{Type: "serverless", BaseCapacity: 32}},
	{"ra3.large-1", "Redshift cluster, 1 × ra3.large", stack.Warehouse{Type: "provisioned", NodeType: "ra3.large", Nodes: 1}},
	{"ra3.large-2", "Redshift cluster, 2 × ra3.large", stack.Warehouse{Type: "provisioned", NodeType: "ra3.large", Nodes: 2}},
	{"ra3.xlplus-2", "Redshift cluster, 2 × ra3.xlplus", stack.Warehouse{Type: "provisioned", NodeType: "ra3.xlplus", Nodes: 2}},
}

func sizeValues() []string {
	var values []string
	for _, s := range sizes {
		values = append(values, s.value)
	}
	return values
}

// intervals are the times between loads that are offered.
var intervals = []int{1, 3, 5, 15, 60}

// leastLimit is the limit of RPU-hours a day that leaves room for questions.
const leastLimit = 64

// limited gives a serverless warehouse the limit after which it is switched off
// for the day: twice what loads may take.
func limited(warehouse stack.Warehouse, minutes int) stack.Warehouse {
	if warehouse.Type == "serverless" {
		warehouse.RPUHoursPerDay = math.Max(leastLimit, 2*math.Ceil(float64(warehouse.BaseCapacity*24)/float64(minutes)))
	}
	return warehouse
}

// price is what a choice costs a month, with what the model warns of.
func (w *wizard) price(warehouse stack.Warehouse, minutes, idle int) (text string, falls bool) {
	answers := *w.answers
	warehouse = limited(warehouse, minutes)
	answers.Warehouse, answers.LoadIntervalMinutes, answers.IdleLoadIntervalMinutes = &warehouse, minutes, idle
	estimate := model.Of(deploy.Scenario(&answers, w.o.EventsPerSecond))
	text = "about $" + model.Dollars(math.Round(estimate.Dollars)) + " a month"
	text = strings.TrimSuffix(strings.Replace(text, ".00 a", " a", 1), ".00")
	if len(estimate.Warnings) > 0 {
		return text + ", too small for so many events", true
	}
	return text, false
}

// warehouse asks for size and interval, each with its price.
func (w *wizard) warehouse(ctx context.Context) error {
	minutes := int(w.o.LoadInterval / time.Minute)
	size := w.o.WarehouseSize
	if !w.o.Given("warehouse-size") && w.o.Prompter.Asks() {
		var choices []prompt.Choice
		best := ""
		for _, s := range sizes {
			detail, falls := w.price(s.warehouse, minutes, 0)
			choices = append(choices, prompt.Choice{Label: s.label, Value: s.value, Detail: detail})
			if best == "" && !falls {
				best = s.value
			}
		}
		var err error
		size, err = w.o.Prompter.Select(ctx, prompt.Select{Label: fmt.Sprintf("Warehouse, loaded every %d minutes", minutes), Choices: choices, Default: best, Flag: "warehouse-size"})
		if err != nil {
			return err
		}
	}
	at := slices.IndexFunc(sizes, func(s struct {
		value, label string
		warehouse    stack.Warehouse
	}) bool {
		return s.value == size
	})
	if at < 0 {
		return failure.Usage("Give one of "+strings.Join(sizeValues(), ", ")+". Others go into "+stack.AnswersFile+".", "--warehouse-size %q is none that is offered", size)
	}
	chosen := sizes[at].warehouse
	if !w.o.Given("load-interval") && w.o.Prompter.Asks() {
		var choices []prompt.Choice
		for _, m := range intervals {
			detail, _ := w.price(chosen, m, 0)
			label := fmt.Sprintf("every %d minutes", m)
			if m == 1 {
				label = "every minute"
			}
			choices = append(choices, prompt.Choice{Label: label, Value: strconv.Itoa(m), Detail: detail})
		}
		text, err := w.o.Prompter.Select(ctx, prompt.Select{Label: "Load new events into it", Choices: choices, Default: strconv.Itoa(minutes), Flag: "load-interval"})
		if err != nil {
			return err
		}
		if minutes, err = strconv.Atoi(text); err != nil {
			return fmt.Errorf("read the interval: %w", err)
		}
	} else if w.o.LoadInterval%time.Minute != 0 || minutes < 1 || minutes > 1440 {
		return failure.Usage("Give whole minutes from 1m to 24h, such as --load-interval 15m.", "--load-interval %v cannot be had", w.o.LoadInterval)
	}
	idle, err := w.idle(ctx, chosen, minutes)
	if err != nil {
		return err
	}
	chosen = limited(chosen, minutes)
	w.answers.Warehouse, w.answers.LoadIntervalMinutes, w.answers.IdleLoadIntervalMinutes = &chosen, minutes, idle
	return nil
}

// idle asks for how many minutes data may wait while nobody asks; 0 is for none. A
// cluster is paid for whether it loads or not.
func (w *wizard) idle(ctx context.Context, warehouse stack.Warehouse, minutes int) (int, error) {
	idle := int(w.o.IdleLoadInterval / time.Minute)
	if w.o.Given("idle-load-interval") || !w.o.Prompter.Asks() {
		if w.o.IdleLoadInterval != 0 && (w.o.IdleLoadInterval%time.Minute != 0 || idle <= minutes || idle > 1440) {
			return 0, failure.Usage("Give whole minutes above --load-interval, up to 24h, such as --idle-load-interval 1h, or 0 to load as often whether somebody asks or not.",
				"--idle-load-interval %v cannot be had with a load every %d minutes", w.o.IdleLoadInterval, minutes)
		}
		return idle, nil
	}
	detail, _ := w.price(warehouse, minutes, 0)
	choices := []prompt.Choice{{Label: "as often", Value: "0", Detail: detail}}
	for _, m := range intervals {
		if m > max(minutes, 5) {
			detail, _ := w.price(warehouse, minutes, m)
			choices = append(choices, prompt.Choice{Label: fmt.Sprintf("every %d minutes", m), Value: strconv.Itoa(m), Detail: detail})
		}
	}
	if warehouse.Type != "serverless" || len(choices) == 1 {
		return 0, nil
	}
	text, err := w.o.Prompter.Select(ctx, prompt.Select{Label: "While nobody uses the insights page", Choices: choices, Default: strconv.Itoa(idle), Flag: "idle-load-interval"})
	if err != nil {
		return 0, err
	}
	if idle, err = strconv.Atoi(text); err != nil {
		return 0, fmt.Errorf("read the interval: %w", err)
	}
	return idle, nil
}

// visitors asks who may open the page.
func (w *wizard) visitors(ctx context.Context) error {
	text := w.o.AllowedCIDRs
	if !w.o.Given("allowed-cidrs") && w.o.Prompter.Asks() {
		byDefault := nothing
		hint := "Ranges such as 203.0.113.0/24, with commas between them; `none` for nobody yet. A password protects the page as well."
		if address := w.ownAddress(ctx); address != "" {
			byDefault = address
			hint = "The default is your own address. " + hint
		}
		if w.before != nil && len(w.before.AllowedCIDRs) > 0 {
			byDefault = strings.Join(w.before.AllowedCIDRs, ",")
		}
		var err error
		text, err = w.o.Prompter.Input(ctx, prompt.Input{Label: "Who may open the insights page", Hint: hint, Default: byDefault,
			Check: func(text string) error { _, err := ranges(text); return err }, Flag: "allowed-cidrs"})
		if err != nil {
			return err
		}
	} else if text == "" {
		_, err := prompt.None{Reason: w.reason()}.Input(ctx, prompt.Input{Flag: "allowed-cidrs"})
		return err
	}
	allowed, err := ranges(text)
	if err != nil {
		return failure.Usage("Give --allowed-cidrs 203.0.113.7/32, several with commas between them, or `none`.", "--allowed-cidrs %q: %v", text, err)
	}
	w.answers.AllowedCIDRs = allowed
	if !slices.ContainsFunc(allowed, everyone) {
		return nil
	}
	public := w.o.AllowPublic
	if !w.o.Given("allow-public-insights") {
		if public, err = w.o.Prompter.Confirm(ctx, prompt.Confirm{Label: "That opens the page's login to the whole internet. Do you mean it", Flag: "allow-public-insights"}); err != nil {
			return err
		}
	}
	if !public {
		return failure.Usage("Give narrower ranges with --allowed-cidrs, or --allow-public-insights.", "the page would be open to the whole internet")
	}
	w.answers.AllowPublicInsights = &public
	return nil
}

func everyone(text string) bool { return strings.HasSuffix(text, "/0") }

// ranges reads address ranges; a single address is a range of one.
func ranges(text string) ([]string, error) {
	if text == nothing {
		return nil, nil
	}
	var all []string
	for _, part := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' }) {
		if address, err := netip.ParseAddr(part); err == nil {
			all = append(all, netip.PrefixFrom(address, address.BitLen()).String())
			continue
		}
		r, err := netip.ParsePrefix(part)
		if err != nil {
			return nil, fmt.Errorf("%q is no address range such as 203.0.113.0/24", part)
		}
		all = append(all, r.Masked().String())
	}
	if len(all) == 0 {
		return nil, errors.New("give an address range such as 203.0.113.0/24, or none")
	}
	return all, nil
}

// addressPatience bounds a question that only saves typing.
const addressPatience = 5 * time.Second

// ownAddress asks a server which address one comes from; empty when it does not
// say.
func (w *wizard) ownAddress(ctx context.Context) string {
	if w.o.AddressURL == "" {
		return ""
	}
	ctx, cancel := context.WithTimeout(ctx, addressPatience)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, w.o.AddressURL, nil)
	if err != nil {
		return ""
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return ""
	}
	defer response.Body.Close()
	const longest = 64
	text, err := io.ReadAll(io.LimitReader(response.Body, longest))
	if err != nil || response.StatusCode != http.StatusOK {
		return ""
	}
	address, err := netip.ParseAddr(strings.TrimSpace(string(text)))
	if err != nil {
		return ""
	}
	return netip.PrefixFrom(address, address.BitLen()).String()
}

var hostForm = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,}$`)

func checkDomain(text string) error {
	if text != "" && text != nothing && !hostForm.MatchString(text) {
		return errors.New("that is no host name; one looks like loaf.example.com")
	}
	return nil
}

// domain asks for a host name, and finds the zone that it lies in.
func (w *wizard) domain(ctx context.Context) error {
	asks := !w.o.Given("domain") && w.o.Prompter.Asks()
	byDefault := nothing
	if w.before != nil && w.before.Domain != "" {
		byDefault = w.before.Domain
	}
	for {
		host := w.o.Domain
		if asks {
			var err error
			host, err = w.o.Prompter.Input(ctx, prompt.Input{
				Label: "Host name of the page", Default: byDefault, Check: checkDomain, Flag: "domain",
				Hint: "With one, a load balancer (about $25 a month) has a certificate for it. `none`: the page has a certificate that browsers warn of.",
			})
			if err != nil {
				return err
			}
		}
		if host == "" || host == nothing {
			return nil
		}
		err := w.zone(ctx, host)
		if err == nil || !asks || ctx.Err() != nil {
			return err
		}
		failure.Print(w.o.Deploy.Streams.Err, err)
		byDefault = nothing
	}
}

func (w *wizard) zone(ctx context.Context, host string) error {
	if err := checkDomain(host); err != nil {
		return failure.Usage("Give a host name with --domain (LOAF_DOMAIN), or leave it out.", "--domain %q: %v", host, err)
	}
	id := w.o.ZoneID
	if id == "" {
		zone, err := w.session.HostedZone(ctx, host)
		if err != nil {
			return err
		}
		if zone == nil {
			_, parent, _ := strings.Cut(host, ".")
			return failure.New(nil, "Make one: `aws route53 create-hosted-zone --name "+parent+" --caller-reference 1`, and enter its name servers where the domain was bought. Or go on without a domain; it can be added later.",
				"Route 53 has no public hosted zone for %s in this account", host)
		}
		w.say("%s lies in the hosted zone %s.", host, zone.Name)
		id = zone.ID
	}
	w.answers.Domain, w.answers.ZoneID = host, id
	return nil
}

// email asks where alarms go.
func (w *wizard) email(ctx context.Context) error {
	address := w.o.AlarmEmail
	if !w.o.Given("alarm-email") && w.o.Prompter.Asks() {
		byDefault := ""
		if w.before != nil {
			byDefault = w.before.AlarmEmail
		}
		var err error
		address, err = w.o.Prompter.Input(ctx, prompt.Input{Label: "E-mail for alarms", Hint: "AWS sends a mail there, to be confirmed. `none` for no alarms by mail.", Default: byDefault, Check: checkEmail, Flag: "alarm-email"})
		if err != nil {
			return err
		}
	} else if address == "" {
		_, err := prompt.None{Reason: w.reason()}.Input(ctx, prompt.Input{Flag: "alarm-email"})
		return err
	}
	if err := checkEmail(address); err != nil {
		return failure.Usage("Give --alarm-email you@example.com (LOAF_ALARM_EMAIL), or `none`.", "--alarm-email %q: %v", address, err)
	}
	if address != nothing {
		w.answers.AlarmEmail = address
	}
	return nil
}

func checkEmail(text string) error {
	if text == nothing {
		return nil
	}
	if parsed, err := mail.ParseAddress(text); err != nil || parsed.Address != text {
		return errors.New("that is no e-mail address")
	}
	return nil
}
