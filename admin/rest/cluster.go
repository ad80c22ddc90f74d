package rest

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"tandem/admin/client"
)

// cluster registers the operations on the cluster.
func (s *Server) cluster(api huma.API) {
	o := s.ops
	operation(s, api, http.MethodGet, "/cluster/servers", "servers", "Servers of the cluster", func(ctx context.Context, _ *nothing) ([]client.ClusterServer, error) {
		return o.Servers(ctx)
	})
	operation(s, api, http.MethodDelete, "/cluster/servers/{name}", "remove-server", "Lock a server out of the cluster for good", func(ctx context.Context, in *Named) (nothing, error) {
		return nothing{}, o.RemoveServer(ctx, in.Name)
	})
	operation(s, api, http.MethodPut, "/cluster/voters", "set-voters", "Name the servers that may be the publisher", func(ctx context.Context, in *struct {
		Body struct {
			Servers []string `json:"servers" minItems:"1" maxItems:"5" doc:"One, three or five servers."`
		}
	}) (client.Replication, error) {
		return o.SetVoters(ctx, in.Body.Servers)
	})
	operation(s, api, http.MethodPost, "/cluster/join-tokens", "create-join-token", "Make a token with which one server may join", func(ctx context.Context, in *struct{ Body client.NewJoinToken }) (client.JoinToken, error) {
		return o.CreateJoinToken(ctx, in.Body)
	})
	operation(s, api, http.MethodGet, "/cluster/replication", "replication", "How the configuration is replicated", func(ctx context.Context, _ *nothing) (client.Replication, error) {
		return o.Replication(ctx)
	})
	operation(s, api, http.MethodPost, "/cluster/replication/verify", "verify-replication", "Compare all copies of the configuration", func(ctx context.Context, _ *nothing) (client.Verification, error) {
		return o.VerifyReplication(ctx)
	})
	operation(s, api, http.MethodPost, "/cluster/replication/reinitialize", "reinitialize-replication", "Rebuild copies of the configuration from a snapshot", func(ctx context.Context, in *struct {
		Server string `query:"server" doc:"Server whose copy is rebuilt. Absent: all but the publisher's." maxLength:"63"`
	}) (client.Replication, error) {
		return o.Reinitialize(ctx, in.Server)
	})
	operation(s, api, http.MethodPost, "/cluster/promote", "promote", "Move the publisher's role", func(ctx context.Context, in *struct{ Body client.Promotion }) (client.PromotionResult, error) {
		return o.Promote(ctx, in.Body)
	})
	operation(s, api, http.MethodPost, "/cluster/names", "names", "Check the resolution of names between all pairs of servers", func(ctx context.Context, _ *nothing) (client.NameMatrix, error) {
		return o.Names(ctx)
	})
	operation(s, api, http.MethodPut, "/user-settings", "set-user-setting", "Change what users change at their phones", func(ctx context.Context, in *struct{ Body client.UserSetting }) (client.UserSetting, error) {
		return o.SetUserSetting(ctx, in.Body)
	})
}
